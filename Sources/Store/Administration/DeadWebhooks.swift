import Postgres

/// How many events for each webhook endpoint are dead letters.
public struct DeadWebhooks: Statement {
    public init() {}
    public var sql: String {
        "select recipient_key, count(*) from martlet_data.dead_letters where channel = 'webhook' group by recipient_key limit 10000"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [String: Int] {
        Dictionary(try rows.map { (try $0.text(0), Int(try $0.int8(1))) }) { $1 }
    }
}
