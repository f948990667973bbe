import Domain
import Store
import Text

/// How many dead letters a job would work on, and the first of them. Changes nothing.
public struct PreviewJob: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var total: Int
        /// Most first; empty when ids are given.
        public var reasons: [(reason: String, count: Int)]
        /// At most ten, unless ids are given.
        public var first: [MessageID]
        /// The same choice, and nothing that dies from now on.
        public var selection: JobSelection

        public var json: JSONValue {
            [
                "dry_run": .bool(true), "count": .int(total), "ids": .list(first) { .id($0) },
                "reasons": .object(reasons.map { JSONValue.Member(name: $0.reason, value: .int($0.count)) }),
            ]
        }
    }

    public var selection: JobSelection
    public init(selection: JobSelection) { self.selection = selection }

    public func perform(in context: OperationContext) async throws -> Output {
        switch selection {
        case .ids(let ids):
            return Output(total: Set(ids).count, reasons: [], first: ids, selection: selection)
        case .matching(var filter):
            let count = try await context.run(CountDeadLetters(filter: filter))
            if count.total == 0 { try await context.checkFilters(filter) }
            guard count.total > 0 else { throw StartJob.nothing }
            filter.until = min(filter.until ?? count.now, count.now)
            let first = try await context.run(DeadLetterIDs(filter: filter, after: MessageID(0), limit: 10))
            return Output(total: count.total, reasons: count.reasons, first: first, selection: .matching(filter))
        }
    }
}
