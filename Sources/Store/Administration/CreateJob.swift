import Domain
import Postgres

/// Begins a job on the dead letters that match now, or on those named; answers its number. nil: none matches.
public struct CreateJob: Statement {
    public enum Messages: Sendable, Equatable {
        case named([MessageID])
        case matching(DeadLetterFilter)
    }
    /// `requeue` or `discard`.
    public var action: String
    public var why: String
    public var messages: Messages
    /// JSON objects.
    public var selection: String
    public var options: String
    public var perSecond: Int?
    public init(action: String, why: String, messages: Messages, selection: String, options: String, perSecond: Int?) {
        self.action = action
        self.why = why
        self.messages = messages
        self.selection = selection
        self.options = options
        self.perSecond = perSecond
    }
    /// In one statement, so that nothing happens between the choice and the job. An array keeps the set out of the client.
    public var sql: String {
        """
        with chosen as materialized (select case when $9 then $10 else array(
            select message_id from martlet.dead_letters where \(DeadLetterFilter.condition) order by message_id limit 1000001) end as ids)
        select martlet.create_job($11, $12, c.ids, $13, $14, $15) from chosen c where $9 or cardinality(c.ids) > 0
        """
    }
    public func bind(_ parameters: inout PQParams) {
        var filter = DeadLetterFilter()
        var ids: [MessageID] = []
        switch messages {
        case .named(let named): ids = named
        case .matching(let matching): filter = matching
        }
        filter.bind(&parameters)
        if case .named = messages { parameters.bool(true) } else { parameters.bool(false) }
        parameters.messageIDs(ids)
        parameters.text(action)
        parameters.text(why)
        parameters.jsonb(selection)
        parameters.jsonb(options)
        parameters.int4(perSecond.map { Int32(clamping: $0) })
    }
    public static func read(_ rows: PQRows) throws -> Int64? { try rows.first?.int8(0) }
}
