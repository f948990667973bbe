import Domain
import Postgres

/// A message as `martlet.message_status` shows it; addresses are masked for all but admins.
public struct MessageOverview: Sendable {
    public var id: MessageID
    public var messageClass: String
    public var channel: String
    public var recipientKey: String
    public var address: String
    public var template: String
    public var groupKey: String?
    public var producer: String
    public var createdAt: Timestamp
    public var expiresAt: Timestamp
    public var state: String
    public var reason: String?
    public var until: Timestamp?
    public var endedAt: Timestamp?

    static let columns =
        "message_id, class, channel, recipient_key, address, template, group_key, producer, created_at, expires_at, state, reason, until, ended_at"

    init(_ row: PQRow) throws {
        id = try row.messageID(0)
        messageClass = try row.text(1)
        channel = try row.text(2)
        recipientKey = try row.text(3)
        address = try row.text(4)
        template = try row.text(5)
        groupKey = try row.textOrNull(6)
        producer = try row.text(7)
        createdAt = try row.timestamp(8)
        expiresAt = try row.timestamp(9)
        state = try row.text(10)
        reason = try row.textOrNull(11)
        until = try row.timestampOrNull(12)
        endedAt = try row.timestampOrNull(13)
    }
}
