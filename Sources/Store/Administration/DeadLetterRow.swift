import Domain
import Postgres

/// A dead letter as `martlet.dead_letters` shows it.
public struct DeadLetterRow: Sendable {
    public var id: MessageID
    public var messageClass: String
    public var channel: String
    public var recipientKey: String
    public var address: String
    public var template: String
    public var provider: String?
    public var reason: String
    public var explanation: String
    public var remedy: String
    public var diedAt: Timestamp
    public var attempts: Int
    public var createdAt: Timestamp

    static let columns =
        "message_id, class, channel, recipient_key, address, template, provider, reason, explanation, remedy, died_at, attempts, created_at"

    init(_ row: PQRow) throws {
        id = try row.messageID(0)
        messageClass = try row.text(1)
        channel = try row.text(2)
        recipientKey = try row.text(3)
        address = try row.text(4)
        template = try row.text(5)
        provider = try row.textOrNull(6)
        reason = try row.text(7)
        explanation = try row.text(8)
        remedy = try row.text(9)
        diedAt = try row.timestamp(10)
        attempts = Int(try row.int2(11))
        createdAt = try row.timestamp(12)
    }
}
