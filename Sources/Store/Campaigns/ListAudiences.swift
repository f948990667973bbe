import Domain
import Postgres

/// The lists that there are.
public struct ListAudiences: Statement {
    /// nil: all.
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Audience: Sendable {
        public var name: String
        public var id: Int32
        public var owner: String
        public var members: Int64
        public var rejected: Int64
        public var createdAt: Timestamp
        public var changedAt: Timestamp
        public var query: String?
    }
    public var sql: String {
        """
        select name, audience_id, owner, members, rejected, created_at, changed_at, query from martlet.audiences
        where $1::text is null or name = $1 order by name limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Audience] {
        try rows.map {
            Audience(
                name: try $0.text(0), id: try $0.int4(1), owner: try $0.text(2), members: try $0.int8(3),
                rejected: try $0.int8(4),
                createdAt: try $0.timestamp(5), changedAt: try $0.timestamp(6), query: try $0.textOrNull(7))
        }
    }
}
