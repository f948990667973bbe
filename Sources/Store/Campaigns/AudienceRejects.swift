import Postgres

/// Rows that a list could not take.
public struct AudienceRejects: Statement {
    public var name: String
    public var limit: Int64
    public init(name: String, limit: Int64) {
        self.name = name
        self.limit = limit
    }
    public struct Reject: Sendable, Equatable {
        public var line: Int64?
        public var field: String
        public var problem: String
    }
    public var sql: String {
        "select line, field, problem from martlet.audience_rejects where audience = $1::text order by coalesce(line, n), n limit $2::int8"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.int8(limit)
    }
    public static func read(_ rows: PQRows) throws -> [Reject] {
        try rows.map { Reject(line: try $0.int8OrNull(0), field: try $0.text(1), problem: try $0.text(2)) }
    }
}
