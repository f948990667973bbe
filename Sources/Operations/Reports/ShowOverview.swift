import Domain
import Store
import Text

/// Everything that an operator looks at first, at one glance: lanes, workers, providers, dead letters.
public struct ShowOverview: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(60)

    public struct Output: Sendable, JSONConvertible {
        public var lanes: ShowLanes.Output
        public var workers: [ListWorkers.Worker]
        public var providers: [ListProviders.Provider]
        public var deadLetters: CountDeadLetters.Answer
        public var now: Timestamp
        public var json: JSONValue {
            [
                "at": .time(now), "lanes": lanes.json, "workers": workers.json, "providers": providers.json,
                "dead_letters": deadLetters.reasonsAsJSON,
            ]
        }
    }

    /// How long to watch the lanes for their rates.
    public var sample: Duration
    public init(sample: Duration) { self.sample = sample }

    public func perform(in context: OperationContext) async throws -> Output {
        async let lanes = ShowLanes(sample: sample, all: false).perform(in: context)
        let providers = try await ShowProviders().perform(in: context).providers
        let workers = try await context.run(ListWorkers(all: false)).filter { $0.state != "ended" }
        let dead = try await context.run(CountDeadLetters(filter: DeadLetterFilter()))
        return Output(lanes: try await lanes, workers: workers, providers: providers, deadLetters: dead, now: dead.now)
    }
}
