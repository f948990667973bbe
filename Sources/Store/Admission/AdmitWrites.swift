import Domain
import Postgres

/// The attempts of a batch: no committed attempt, no send.
public struct InsertAttempts: Statement {
    public var session: Int32
    /// By the database clock, after the locks.
    public var admittedAt: Timestamp
    public var messageIDs: [MessageID] = []
    public var attempts: [Int16] = []
    public var providers: [String] = []
    public var sendBys: [Timestamp] = []
    public var templateVersions: [Int32] = []
    public var segments: [Int16] = []
    /// Millionths of `currencies`; nil: no price known.
    public var costs: [Int64?] = []
    public var currencies: [String?] = []
    /// Keys of the budgets it counts in, one a line; nil: in none. Empty: none of the batch counts in any.
    public var budgets: [String?] = []

    public init(session: Int32, admittedAt: Timestamp) {
        self.session = session
        self.admittedAt = admittedAt
    }

    public var sql: String {
        // Without budgets a column less is sent. Arrays unnested in the list of columns, in step: a FROM would put each into a store first.
        let (column, value) = budgets.isEmpty ? ("", "") : (", budgets", ", string_to_array(unnest($11::text[]), E'\\n')")
        return """
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments, cost_micros, currency\(column))
            select unnest($3::int8[]), unnest($4::int2[]), unnest($5::text[]), $1, $2, unnest($6::timestamptz[]), unnest($7::int4[]),
                unnest($8::int2[]), unnest($9::int8[]), unnest($10::text[])\(value)
            """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.timestamp(admittedAt)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.timestamps(sendBys)
        parameters.int4Array(templateVersions)
        parameters.int2Array(segments)
        parameters.int8Array(costs)
        parameters.textArray(currencies)
        if !budgets.isEmpty { parameters.textArray(budgets) }
    }
}

/// New content of cap rows that `LockCapUsage` has locked.
public struct UpdateCapUsage: Statement {
    public var recipientKeys: [String] = []
    public var hits: [[UInt8]] = []
    public init() {}
    public var sql: String {
        "update martlet_data.cap_usage c set hits = i.hits from unnest($1::text[], $2::bytea[]) i(key, hits) where c.recipient_key = i.key"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.byteaArray(hits)
    }
}

/// Cap rows of people who had none. A unique violation means that another worker's Admit came first: nothing of this transaction has
/// happened, and it is done again. Keys in order, so that two workers do not wait for each other in a circle.
public struct InsertCapUsage: Statement {
    public var recipientKeys: [String] = []
    public var hits: [[UInt8]] = []
    public init() {}
    public var sql: String {
        "insert into martlet_data.cap_usage (recipient_key, hits) select unnest($1::text[]), unnest($2::bytea[])"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.byteaArray(hits)
    }
}

/// Gives back the cap slots of attempts that certainly did not happen. Sorted by key.
public struct ReleaseSlots: Statement {
    public var recipientKeys: [String] = []
    public var messageIDs: [MessageID] = []
    public var attempts: [Int16] = []
    public init() {}
    public var sql: String {
        """
        select count(*) filter (where released) from (
            select martlet_data.release_slot(key, message_id, attempt) as released
            from (select * from unnest($1::text[], $2::int8[], $3::int2[]) i(key, message_id, attempt) order by key offset 0) i) r
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
