import Domain
import Postgres

/// What people asked for with a keyword (STOP, START …), in the order in which they wrote: suppressions and consents follow, by
/// `martlet_data.apply_keywords`. Takes the buckets' locks exclusively until the end of the transaction, so it comes last in it: what
/// Admit has not yet committed is refused from the commit on.
public struct ApplyKeywords: Statement {
    public var addresses: [String] = []
    /// What is suppressed; nil: what was is lifted.
    public var scopes: [String?] = []
    public var words: [String] = []
    public var channels: [String] = []
    public init() {}
    public var isEmpty: Bool { addresses.isEmpty }
    public mutating func add(_ address: String, channel: Channel = .sms, scope: String?, word: String) {
        channels.append(channel.rawValue)
        addresses.append(address)
        scopes.append(scope)
        words.append(word)
    }
    public var sql: String {
        "select unnest(martlet_data.apply_keywords($1::text[], $2::text[], $3::text[], $4::text[]))"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(channels)
        parameters.textArray(addresses)
        parameters.textArray(scopes)
        parameters.textArray(words)
    }
    /// For each whether it changed anything.
    public static func read(_ rows: PQRows) throws -> [Bool] { try rows.map { try $0.bool(0) } }
}
