import Domain
import Postgres

/// Ids that a provider gave to messages or their parts, where receipts will name them; in the transaction of the acceptance.
public struct InsertCarrierIDs: Statement {
    /// Without case and leading zeros: what receipts are looked up by.
    var folded: [String] = []
    var ids: [String] = []
    var providers: [String] = []
    var recipients: [String?] = []
    var messageIDs: [MessageID] = []
    var attempts: [Int16] = []
    var parts: [Int16] = []
    var totals: [Int16] = []
    public init() {}
    public var isEmpty: Bool { ids.isEmpty }

    /// - Parameters:
    ///   - recipient: nil: the message's own address.
    ///   - part: from 1.
    ///   - parts: receipts to wait for; 1: the receipt of any part speaks for the whole message.
    public mutating func add(
        _ id: String, folded: String, provider: String, recipient: String?, messageID: MessageID, attempt: Int16, part: Int16,
        parts: Int16
    ) {
        self.folded.append(folded)
        ids.append(id)
        providers.append(provider)
        recipients.append(recipient)
        messageIDs.append(messageID)
        attempts.append(attempt)
        self.parts.append(part)
        totals.append(parts)
    }

    public var sql: String {
        """
        insert into martlet_data.carrier_ids (folded, id, provider, recipient, message_id, attempt, part, parts)
        select folded, id, provider, coalesce(recipient, (select m.address from martlet_data.messages m where m.id = message_id), ''), message_id, attempt,
            part, parts
        from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int8[], $6::int2[], $7::int2[], $8::int2[])
            i(folded, id, provider, recipient, message_id, attempt, part, parts)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(folded)
        parameters.textArray(ids)
        parameters.textArray(providers)
        parameters.textArray(recipients)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
        parameters.int2Array(parts)
        parameters.int2Array(totals)
    }
}
