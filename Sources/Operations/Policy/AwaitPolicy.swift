import Domain
import Store
import Text

/// Waits until each live worker sends by the newest policy and templates: a message that is claimed after that is sent by them.
public struct AwaitPolicy: UseCase {
    public static let role = Role.admin
    private static let pause = Duration.milliseconds(100)

    public struct Output: Sendable, JSONConvertible {
        /// Workers that are live.
        public var workers: Int
        /// Those of them that did not come to it in time; empty: all use it.
        public var behind: [WorkersBehind.Worker]

        public var json: JSONValue { ["workers": .int(workers), "behind": behind.json] }
    }

    /// Longest wait. Zero: looks once.
    public var atMost: Duration
    /// Called with the workers that are waited for, whenever they change.
    public var show: @Sendable ([WorkersBehind.Worker]) -> Void

    public init(atMost: Duration, show: @escaping @Sendable ([WorkersBehind.Worker]) -> Void = { _ in }) {
        self.atMost = atMost
        self.show = show
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let end = ContinuousClock.now + atMost
        var shown: [WorkersBehind.Worker] = []
        while true {
            let behind = try await context.run(WorkersBehind())
            if behind.isEmpty || ContinuousClock.now >= end {
                let live = try await context.run(ListWorkers(all: false)).count { $0.state == "live" }
                return Output(workers: live, behind: behind)
            }
            if behind != shown {
                show(behind)
                shown = behind
            }
            try await ContinuousClock().sleep(for: Self.pause)
        }
    }
}

extension WorkersBehind.Worker: JSONConvertible {
    public var json: JSONValue {
        [
            "session": .int(session), "worker": .string(worker), "host": .string(host), "version": .string(version),
            "policy": .int(policy), "problem": .text(problem),
        ]
    }
}
