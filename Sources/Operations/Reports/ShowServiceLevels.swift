import Domain
import Store
import Text

/// How well messages are served that were enqueued within a time before now: within their promise, accepted, delayed, delivered.
public struct ShowServiceLevels: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(120)
    /// Further back it would read whole days.
    public static let windows = Duration.seconds(1)...Duration.seconds(86_400)

    public struct Output: Sendable, JSONConvertible {
        public var classes: [ClassLevels.Level]
        public var providers: [ProviderLevels.Level]
        public var json: JSONValue { ["classes": classes.json, "providers": providers.json] }
    }

    public var since: Duration
    public init(since: Duration) { self.since = since }

    public func perform(in context: OperationContext) async throws -> Output {
        guard Self.windows.contains(since) else {
            throw OperationError(.refused, "The window must be 1s … 1d: further back it would read whole days.")
        }
        return Output(
            classes: try await context.run(ClassLevels(since: since)),
            providers: try await context.run(ProviderLevels(since: since)))
    }
}

extension ClassLevels.Level: JSONConvertible {
    public var json: JSONValue {
        [
            "class": .string(name), "promise_seconds": .double(promise?.inSeconds), "messages": .int(messages),
            "held": .int(held), "accepted": .int(accepted), "within": .int(within), "overdue": .int(overdue),
            "failed": .int(failed), "within_share": .double(withinShare), "accepted_share": .double(acceptedShare),
            "oldest_waiting_seconds": .double(oldestWaiting?.inSeconds), "p99_delay_seconds": .double(p99Delay?.inSeconds),
            "peak_delay_seconds": .double(peakDelay?.inSeconds),
        ]
    }
}

extension ProviderLevels.Level: JSONConvertible {
    public var json: JSONValue {
        [
            "provider": .string(name), "accepted": .int(accepted), "delivered": .int(delivered),
            "undelivered": .int(undelivered), "delivered_share": .double(deliveredShare),
            "reported_share": .double(reportedShare),
        ]
    }
}
