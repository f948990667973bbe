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
