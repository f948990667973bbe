import Domain
import Postgres

/// Receipts of attempts whose message moves by another statement of the same transaction (hand-back, dead letter).
public struct InsertReceipts: Statement {
    var messageIDs: [MessageID] = []
    var kinds: [String] = []
    var attempts: [Int16?] = []
    var providers: [String?] = []
    var codes: [String?] = []
    var details: [String?] = []
    public init() {}
    public var isEmpty: Bool { kinds.isEmpty }
    public mutating func add(
        _ messageID: MessageID, kind: String, attempt: Int16?, provider: String? = nil, code: String? = nil, detail: String? = nil
    ) {
        messageIDs.append(messageID)
        kinds.append(kind)
        attempts.append(attempt)
        providers.append(provider)
        codes.append(code)
        details.append(detail)
    }
    public var sql: String {
        """
        insert into martlet_data.receipts (message_id, kind, attempt, provider, code, detail)
        select * from unnest($1::int8[], $2::text[], $3::int2[], $4::text[], $5::text[], $6::text[])
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(kinds)
        parameters.int2Array(attempts)
        parameters.textArray(providers)
        parameters.textArray(codes)
        parameters.textArray(details)
    }
}
