import Postgres

/// What moves when a policy is applied or a template pushed: workers look at it every second.
public struct PolicyStamp: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var version: Int?
        public var templates: String
    }
    public var sql: String {
        "select (select max(version) from martlet_data.policies), martlet_data.template_stamp()"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(version: try rows.only.int4OrNull(0).map(Int.init), templates: try rows.only.text(1))
    }
}
