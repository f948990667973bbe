import Domain
import Postgres

/// The slots one person has taken; empty when none (admins only).
public struct LoadCapUsage: Statement {
    public var recipientKey: String
    public init(recipientKey: String) { self.recipientKey = recipientKey }
    public var sql: String { "select hits from martlet_data.cap_usage where recipient_key = martlet_data.person_key($1) limit 1" }
    public func bind(_ parameters: inout PQParams) { parameters.text(recipientKey) }
    public static func read(_ rows: PQRows) throws -> CapLedger {
        guard let row = rows.first else { return CapLedger() }
        guard let ledger = CapLedger(try row.bytea(0)) else {
            throw StoreError.internalError(
                "martlet_data.cap_usage holds a row whose length is no multiple of \(CapLedger.bytesPerHit)")
        }
        return ledger
    }
}
