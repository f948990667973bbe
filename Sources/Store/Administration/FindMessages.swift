import Domain
import Postgres

/// Messages of one recipient, newest first: by key, or by address (which has no index) among those enqueued since an instant.
public struct FindMessages: Statement {
    public var recipient: String
    public var channel: String?
    /// nil: by `recipient_key`.
    public var addressSince: Timestamp?
    public var limit: Int
    public init(recipient: String, channel: String?, addressSince: Timestamp?, limit: Int) {
        self.recipient = recipient
        self.channel = channel
        self.addressSince = addressSince
        self.limit = limit
    }
    public var sql: String {
        """
        with found as materialized (
            select m.id from martlet_data.messages m join martlet_data.channels c on c.id = m.channel_id
            where ($2::text is null or c.name = $2)
                and \(addressSince == nil ? "m.recipient_key = $1 and $3::timestamptz is null" : "m.address = $1 and m.id >= martlet_data.first_id($3)")
            order by m.id desc limit $4)
        select \(MessageOverview.columns) from martlet.message_status
        where message_id = any (array(select id from found)) order by message_id desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(recipient)
        parameters.text(channel)
        parameters.timestamp(addressSince)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [MessageOverview] { try rows.map(MessageOverview.init) }
}
