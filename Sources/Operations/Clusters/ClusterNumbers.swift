import Domain
import Store
import Text

/// The number of this cluster, which ids of messages carry.
public struct ShowClusterNumber: UseCase {
    public static let role = Role.reader
    public init() {}

    public func perform(in context: OperationContext) async throws -> ClusterNumber { try await context.run(LoadCluster()) }
}

/// Gives this cluster its number, 0 … 63; the database refuses another one once ids carry a number, and writes the audit.
public struct GiveClusterNumber: UseCase {
    public static let role = Role.admin

    public var number: Int
    public var why: String
    public init(number: Int, why: String) {
        self.number = number
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> ClusterNumber {
        _ = try await context.run(SetCluster(number: number, why: why))
        return try await context.run(LoadCluster())
    }
}

extension ClusterNumber: JSONConvertible {
    public var json: JSONValue {
        ["number": .int(number), "since_id": .text(since?.description), "since": .time(since?.givenAt)]
    }
}
