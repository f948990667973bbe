import Domain
import Postgres

/// Keeps events that found nothing, to be tried again: soon, then after ever longer pauses, for 72 hours.
///
/// What names a message and an attempt is kept only when that message is not there (nothing to wait for), or its attempt has no outcome
/// yet: the answer may still be on its way to Record, and with it a dead letter whose doubt this event resolves.
public struct ParkEvents: Statement {
    /// How long what found nothing is tried again.
    public static let tried = Duration.seconds(72 * 3600)

    public struct Row: Sendable {
        /// When it came first; nil: now.
        public var at: Timestamp?
        public var provider: String
        public var kind: String
        public var carrierID: String?
        public var recipient: String?
        /// JSON.
        public var payload: String
        /// no_match, ambiguous (never tried again), unreadable (neither); nil: see above.
        public var reason: String?
        public var messageID: MessageID?
        public var attempt: Int16?
        public var tries: Int32
        public init(
            at: Timestamp? = nil, provider: String, kind: String, carrierID: String? = nil, recipient: String? = nil,
            payload: String, reason: String?, messageID: MessageID? = nil, attempt: Int16? = nil, tries: Int32 = 0
        ) {
            self.at = at
            self.provider = provider
            self.kind = kind
            self.carrierID = carrierID
            self.recipient = recipient
            self.payload = payload
            self.reason = reason
            self.messageID = messageID
            self.attempt = attempt
            self.tries = tries
        }
    }
    public var rows: [Row]
    public init(_ rows: [Row]) { self.rows = rows }

    public var sql: String {
        """
        insert into martlet_data.provider_events (at, provider, kind, carrier_id, recipient, payload, reason, tries, next_try)
        select p.at, p.provider, p.kind, p.carrier_id, p.recipient, p.payload, p.reason, p.tries,
            case when p.reason in ('no_match', 'no_outcome') and p.now - p.at < interval '72 hours'
                then p.now + greatest(interval '1 second', least(interval '15 minutes', (p.now - p.at) / 2)) end
        from (
            select coalesce(i.at, n.now) as at, n.now, i.provider, i.kind, i.carrier_id, i.recipient, i.payload, i.tries,
                coalesce(i.reason,
                    case when not exists (select from martlet_data.messages m where m.id = i.message_id offset 0) then 'no_message'
                    when not exists (select from martlet_data.receipts r where r.message_id = i.message_id and r.attempt = i.attempt and r.part is null
                        and r.kind in ('accepted', 'deferred', 'rejected', 'unknown') offset 0) then 'no_outcome' end) as reason
            from (select clock_timestamp() as now) n, unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[],
                $8::int8[], $9::int2[], $10::int4[]) i(at, provider, kind, carrier_id, recipient, payload, reason, message_id, attempt, tries)
            offset 0) p
        where p.reason is not null
        returning reason
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamptzArray(rows.map { $0.at?.microseconds })
        parameters.textArray(rows.map(\.provider))
        parameters.textArray(rows.map(\.kind))
        parameters.textArray(rows.map(\.carrierID))
        parameters.textArray(rows.map(\.recipient))
        parameters.jsonbArray(rows.map(\.payload))
        parameters.textArray(rows.map(\.reason))
        parameters.int8Array(rows.map { $0.messageID?.rawValue })
        parameters.int2Array(rows.map(\.attempt))
        parameters.int4Array(rows.map(\.tries))
    }
    /// The reasons of what was kept.
    public static func read(_ rows: PQRows) throws -> [String] { try rows.map { try $0.text(0) } }
}
