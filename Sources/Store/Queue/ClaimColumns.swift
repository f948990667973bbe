import Domain
import Postgres

/// The columns of a body that Render and Admit need.
enum ClaimColumns {
    /// Bodies with the keys of their address and their person. As the inner side of an outer join, so that each key is worked out once a row and not
    /// wherever it is named.
    static let bodies =
        "select *, martlet_data.address_key(address) as address_key, martlet_data.person_key(recipient_key) as person from martlet_data.messages"
    static let sql = """
        m.class_id, m.channel_id, m.person, m.address, m.template, m.locale, m.sender, m.time_zone, m.tier, m.group_key,
            m.variables, m.headers, m.traceparent, m.producer, m.created_at, m.expires_at,
            hashtext(m.address_key), hashint8(m.id), hashtext(m.person), hashtext(m.group_key), nullif(m.address_key, m.address)
        """

    static func read(_ row: PQRow, from first: Int, lease: Lease) throws -> ClaimedMessage {
        guard let classID = try row.int2OrNull(first) else {
            return ClaimedMessage(
                lease: lease, classID: 0, channelID: 0, hashes: LockHashes(address: 0, message: 0, recipient: 0), producer: "",
                message: nil)
        }
        let message = Message(
            id: lease.messageID, messageClass: "", channel: Channel(rawValue: ""), recipientKey: try row.text(first + 2),
            address: try row.text(first + 3), template: try row.text(first + 4), locale: try row.textOrNull(first + 5),
            sender: try row.textOrNull(first + 6), timeZone: try row.textOrNull(first + 7), tier: try row.textOrNull(first + 8),
            groupKey: try row.textOrNull(first + 9), variables: try row.text(first + 10),
            headers: try row.jsonbOrNull(first + 11),
            traceparent: try row.textOrNull(first + 12), createdAt: try row.timestamp(first + 14),
            expiresAt: try row.timestamp(first + 15), addressKey: try row.textOrNull(first + 20))
        let hashes = LockHashes(
            address: try row.int4(first + 16), message: try row.int4(first + 17), recipient: try row.int4(first + 18),
            group: try row.int4OrNull(first + 19))
        return ClaimedMessage(
            lease: lease, classID: classID, channelID: try row.int2(first + 1), hashes: hashes,
            producer: try row.text(first + 13), message: message)
    }
}
