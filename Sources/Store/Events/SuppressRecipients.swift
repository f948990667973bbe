import Domain
import Postgres

/// Suppresses the own addresses of messages: a report's address is the reporter's word.
public struct SuppressRecipients: Statement {
    var messageIDs: [MessageID] = []
    var scopes: [String] = []
    var reasons: [String] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }
    public mutating func add(_ messageID: MessageID, scope: String, reason: String) {
        messageIDs.append(messageID)
        scopes.append(scope)
        reasons.append(reason)
    }
    public var sql: String {
        """
        insert into martlet_data.suppressions (channel, address, scope, reason)
        select distinct on (m.address, c.name, i.scope) c.name, m.address, i.scope, i.reason
        from unnest($1::int8[], $2::text[], $3::text[]) i(message_id, scope, reason)
        cross join lateral (select address, channel_id from martlet_data.messages m where m.id = i.message_id offset 0) m
        join martlet_data.channels c on c.id = m.channel_id
        order by m.address, c.name, i.scope, i.reason desc
        on conflict (address, channel, scope) where lifted_at is null do nothing
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(scopes)
        parameters.textArray(reasons)
    }
}
