import Domain
import Postgres

/// Takes away parked events whose time has come. Their taker puts back, in the same transaction, those that still find no message.
public struct TakeParkedEvents: Statement {
    public var limit: Int32
    public init(limit: Int32 = 500) { self.limit = limit }
    public struct Parked: Sendable {
        public var at: Timestamp
        public var provider: String
        public var kind: String
        public var payload: String
        public var tries: Int32
    }
    public var sql: String {
        """
        delete from martlet_data.provider_events where id = any (array(
            select id from martlet_data.provider_events where next_try <= now() order by next_try limit $1))
        returning at, provider, kind, payload, tries
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(Int64(limit)) }
    public static func read(_ rows: PQRows) throws -> [Parked] {
        try rows.map {
            Parked(
                at: try $0.timestamp(0), provider: try $0.text(1), kind: try $0.text(2), payload: try $0.jsonb(3),
                tries: try $0.int4(4))
        }
    }
}
