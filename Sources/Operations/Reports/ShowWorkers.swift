import Domain
import Store
import Text

/// Worker sessions, newest first.
public struct ShowWorkers: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var workers: [ListWorkers.Worker]
        public var now: Timestamp
        public var json: JSONValue { workers.json }
    }

    /// Sessions that ended long ago too.
    public var all: Bool
    public init(all: Bool) { self.all = all }

    public func perform(in context: OperationContext) async throws -> Output {
        Output(workers: try await context.run(ListWorkers(all: all)), now: try await context.now())
    }
}

extension ListWorkers.Worker: JSONConvertible {
    public var json: JSONValue {
        [
            "session": .int(session), "worker": .string(worker), "host": .string(host), "pid": .int(pid),
            "version": .string(version), "started_at": .time(startedAt), "beat_at": .time(beatAt), "in_flight": .int(inFlight),
            "state": .string(state), "policy": .int(policy), "policy_problem": .text(policyProblem),
        ]
    }
}
