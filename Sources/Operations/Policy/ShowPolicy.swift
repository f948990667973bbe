import Domain
import Store
import Text

/// The policy in force: who applied it, and its files.
public struct ShowPolicy: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var version: Int
        public var appliedAt: Timestamp
        public var appliedBy: String
        /// Name → text, as it was applied.
        public var files: [String: String]

        public var json: JSONValue {
            [
                "version": .int(version), "applied_at": .time(appliedAt), "applied_by": .string(appliedBy),
                "files": .object(files) { .string($0) },
            ]
        }
    }

    public init() {}

    public func perform(in context: OperationContext) async throws -> Output {
        let stored = try await context.currentPolicy().stored
        return Output(
            version: stored.version, appliedAt: stored.appliedAt, appliedBy: stored.appliedBy, files: try stored.texts())
    }
}

/// The versions of the policy, newest first.
public struct ShowPolicyHistory: UseCase {
    public static let role = Role.admin
    public var limit: Int
    public init(limit: Int) { self.limit = limit }

    public func perform(in context: OperationContext) async throws -> [PolicyHistory.Version] {
        try await context.run(PolicyHistory(limit: limit))
    }
}

extension PolicyHistory.Version: JSONConvertible {
    public var json: JSONValue {
        [
            "version": .int(version), "applied_at": .time(appliedAt), "applied_by": .string(appliedBy), "note": .text(note),
        ]
    }
}
