import Domain
import Postgres

/// The attempts of a message with their outcomes.
public struct LoadAttempts: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Attempt: Sendable {
        public var attempt: Int
        public var provider: String
        public var session: Int
        public var admittedAt: Timestamp
        public var sendBy: Timestamp
        public var templateVersion: Int
        public var segments: Int
        public var costMicros: Int64?
        public var currency: String?
        /// nil: there is no answer.
        public var outcome: String?
        public var code: String?
        public var reference: String?
    }
    public var sql: String {
        """
        select attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency, outcome, code, reference
        from martlet.attempts where message_id = $1 order by attempt limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> [Attempt] {
        try rows.map {
            Attempt(
                attempt: Int(try $0.int2(0)), provider: try $0.text(1), session: Int(try $0.int4(2)),
                admittedAt: try $0.timestamp(3),
                sendBy: try $0.timestamp(4), templateVersion: Int(try $0.int4(5)), segments: Int(try $0.int2(6)),
                costMicros: try $0.int8OrNull(7), currency: try $0.textOrNull(8), outcome: try $0.textOrNull(9),
                code: try $0.textOrNull(10), reference: try $0.textOrNull(11))
        }
    }
}
