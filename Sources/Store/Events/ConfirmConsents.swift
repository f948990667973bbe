import Domain
import Postgres

/// The recipients of these messages said yes: consents that are still pending are granted. Takes buckets' locks until the end of the transaction,
/// as `ApplyKeywords` does, and those of its addresses with them: one order for all.
public struct ConfirmConsents: Statement {
    public enum Result: String, Sendable {
        case granted
        /// Was granted before.
        case again
        /// Withdrawn meanwhile, or never pending.
        case nothing
        /// After the time that the message gave.
        case late
    }
    public var messageIDs: [MessageID]
    /// `double_opt_in_text`, `double_opt_in_link`.
    public var method: String
    public var addresses: [String]
    public init(messageIDs: [MessageID], method: String, addresses: [String] = []) {
        self.messageIDs = messageIDs
        self.method = method
        self.addresses = addresses
    }
    public var sql: String { "select unnest(martlet_data.confirm_consents($1, $2, $3))" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.text(method)
        parameters.textArray(addresses)
    }
    /// nil: the message asked for no consent.
    public static func read(_ rows: PQRows) throws -> [Result?] { try rows.map { try $0.textOrNull(0).flatMap(Result.init) } }
}
