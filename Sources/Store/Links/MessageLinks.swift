import Domain
import Postgres

/// What the tracked links of a batch lead to: in the transaction that commits the attempts, so that no link is sent that leads nowhere. A later
/// attempt that was rendered from another template adds its addresses; none is ever taken away.
public struct InsertMessageLinks: Statement {
    var messageIDs: [MessageID] = []
    var targets: [String] = []
    var expires: [Timestamp] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }

    /// - Parameter targets: without line breaks, each once; not empty.
    public mutating func add(_ message: MessageID, targets: [String], expiresAt: Timestamp) {
        messageIDs.append(message)
        self.targets.append(targets.joined(separator: "\n"))
        expires.append(expiresAt)
    }

    public var sql: String {
        """
        insert into martlet_data.message_links as l (message_id, targets, expires_at)
        select message_id, string_to_array(targets, E'\\n'), expires_at
        from unnest($1::int8[], $2::text[], $3::timestamptz[]) i(message_id, targets, expires_at)
        on conflict (message_id) do update set expires_at = greatest(l.expires_at, excluded.expires_at), targets = l.targets || array(
            select t.target from unnest(excluded.targets) with ordinality t(target, n) where t.target <> all (l.targets) order by t.n)
        where not l.targets @> excluded.targets or l.expires_at + interval '1 hour' < excluded.expires_at
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(targets)
        parameters.timestamps(expires)
    }
}

/// What the links of a message lead to; nil: it has none, or its day is gone.
public struct FindMessageLinks: Statement {
    public var messageID: MessageID
    public init(messageID: MessageID) { self.messageID = messageID }
    public struct Found: Sendable {
        public var targets: [String]
        public var isExpired: Bool
    }
    public var sql: String {
        "select targets, expires_at <= clock_timestamp() from martlet_data.message_links where message_id = $1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(messageID.rawValue) }
    public static func read(_ rows: PQRows) throws -> Found? {
        try rows.first.map { Found(targets: try $0.textArray(0), isExpired: try $0.bool(1)) }
    }
}

/// The same for `martlet message show`, for admins alone: addresses may hold what people type into forms.
public struct LoadTargets: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Found: Sendable {
        public var targets: [String]
        public var expiresAt: Timestamp
    }
    public var sql: String { "select targets, expires_at from martlet_data.message_links where message_id = $1" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> Found? {
        try rows.first.map { Found(targets: try $0.textArray(0), expiresAt: try $0.timestamp(1)) }
    }
}
