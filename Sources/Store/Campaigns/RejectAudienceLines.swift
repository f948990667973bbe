import Postgres

/// Tells lines of a file that are no people. SQLSTATEs MT020, MT021.
public struct RejectAudienceLines: Statement {
    public var list: Int32
    public var lines: [Int64]
    public var fields: [String]
    public var problems: [String]
    public init(list: Int32, lines: [Int64], fields: [String], problems: [String]) {
        self.list = list
        self.lines = lines
        self.fields = fields
        self.problems = problems
    }
    public var sql: String { "select martlet.reject_rows($1::int4, $2::int8[], $3::text[], $4::text[])::text" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(list)
        parameters.int8Array(lines)
        parameters.textArray(fields)
        parameters.textArray(problems)
    }
}
