import Postgres

/// Makes receipts of the hits that are old enough (`martlet_data.judge_visits`); counts them by what they were taken for.
public struct JudgeLinkHits: Statement {
    public var limit: Int32
    public init(limit: Int32 = 1000) { self.limit = limit }
    public struct Row: Sendable {
        /// clicked, opened, prefetched; gone: there is no such message any more.
        public var kind: String
        /// Why it was no person; empty for people.
        public var code: String
        public var hits: Int
    }
    public var sql: String { "select kind, code, visits from martlet_data.judge_visits($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(limit) }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map { Row(kind: try $0.text(0), code: try $0.text(1), hits: Int(try $0.int8(2))) }
    }
}
