import Domain
import Postgres

/// Texts of people that could not be read, by provider. Admins only.
public struct UnreadableTexts: Statement {
    public init() {}
    public struct Count: Sendable {
        public var provider: String
        public var texts: Int
        public var newest: Timestamp
    }
    public var sql: String {
        "select provider, sum(texts)::int8, max(newest) from martlet.unreadable_texts group by provider order by provider limit 100"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map { Count(provider: try $0.text(0), texts: Int(try $0.int8(1)), newest: try $0.timestamp(2)) }
    }
}
