import Domain
import Postgres

/// The slots one person has taken; empty when none (admins only).
public struct LoadCapUsage: Statement {
    public var recipientKey: String
    public init(recipientKey: String) { self.recipientKey = recipientKey }
    public var sql: String { "select hits from martlet_data.cap_usage where recipient_key = martlet_data.person_key($1) limit 1" }
    public func bind(_ parameters: inout PQParams) { parameters.text(recipientKey) }
    public static func read(_ rows: PQRows) throws -> CapLedger {
        guard let row = rows.first else { return CapLedger() }
        guard let ledger = CapLedger(try row.bytea(0)) else {
            throw StoreError.internalError(
                "martlet_data.cap_usage holds a row whose length is no multiple of \(CapLedger.bytesPerHit)")
        }
        return ledger
    }
}

/// The local calendar windows of a zone around now.
public struct CalendarWindows: Statement {
    public var timeZone: String
    public init(timeZone: String) { self.timeZone = timeZone }
    public var sql: String {
        """
        select u, date_trunc(u, n at time zone $1) at time zone $1, (date_trunc(u, n at time zone $1) + ('1 ' || u)::interval) at time zone $1
        from unnest(array['minute', 'hour', 'day', 'week', 'month']) u, clock_timestamp() n
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(timeZone) }
    public static func read(_ rows: PQRows) throws -> [CapRule.CalendarUnit: CapDecision.Calendar] {
        var windows: [CapRule.CalendarUnit: CapDecision.Calendar] = [:]
        for row in rows {
            guard let unit = CapRule.CalendarUnit(rawValue: try row.text(0)) else { continue }
            windows[unit] = CapDecision.Calendar(start: try row.timestamp(1), end: try row.timestamp(2))
        }
        return windows
    }
}

/// Suppressions, newest first (admins only).
public struct ListSuppressions: Statement {
    public var address: String?
    public var channel: String?
    public var includesLifted: Bool
    public var limit: Int
    public init(address: String?, channel: String?, includesLifted: Bool, limit: Int) {
        self.address = address
        self.channel = channel
        self.includesLifted = includesLifted
        self.limit = limit
    }
    public struct Suppression: Sendable {
        public var id: Int64
        public var channel: String
        public var address: String
        public var scope: String
        public var reason: String
        public var createdAt: Timestamp
        public var createdBy: String
        public var liftedAt: Timestamp?
        public var liftedBy: String?
        public var liftReason: String?
    }
    public var sql: String {
        """
        select id, channel, address, scope, reason, created_at, created_by, lifted_at, lifted_by, lift_reason from martlet_data.suppressions
        where ($1::text is null or address_key = martlet_data.address_key($1)) and ($2::text is null or channel = $2) and ($3 or lifted_at is null)
        order by id desc limit $4
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(address)
        parameters.text(channel)
        parameters.bool(includesLifted)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Suppression] {
        try rows.map {
            Suppression(
                id: try $0.int8(0), channel: try $0.text(1), address: try $0.text(2), scope: try $0.text(3),
                reason: try $0.text(4),
                createdAt: try $0.timestamp(5), createdBy: try $0.text(6), liftedAt: try $0.timestampOrNull(7),
                liftedBy: try $0.textOrNull(8), liftReason: try $0.textOrNull(9))
        }
    }
}

/// From its commit on nothing of this scope is admitted to the address. Answers the suppression's id.
public struct Suppress: Statement {
    public var channel: String
    public var address: String
    public var scope: String
    public var reason: String
    public init(channel: String, address: String, scope: String, reason: String) {
        self.channel = channel
        self.address = address
        self.scope = scope
        self.reason = reason
    }
    public var sql: String { "select martlet.suppress($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(channel)
        parameters.text(address)
        parameters.text(scope)
        parameters.text(reason)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}

/// Lifts suppressions; answers how many.
public struct Unsuppress: Statement {
    public var channel: String
    public var address: String
    public var why: String
    /// nil: every scope.
    public var scope: String?
    public init(channel: String, address: String, why: String, scope: String?) {
        self.channel = channel
        self.address = address
        self.why = why
        self.scope = scope
    }
    public var sql: String { "select martlet.unsuppress($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(channel)
        parameters.text(address)
        parameters.text(why)
        parameters.text(scope)
    }
    public static func read(_ rows: PQRows) throws -> Int { Int(try rows.only.int4(0)) }
}
