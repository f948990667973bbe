import Postgres

/// What is being opted out of, consented to or cancelled at this moment in transactions that have not ended; nearly always nothing. Read in a
/// statement after `AdmitLock`: what begins later waits for this Admit before it says anything.
public struct OpenOptOuts: Statement {
    public init() {}
    public var sql: String { "select martlet_data.open_opt_outs()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Set<OptOutKey> {
        let keys = try rows.only.int8Array(0)
        return keys.isEmpty
            ? []
            : Set(keys.map { OptOutKey(place: Int32(truncatingIfNeeded: $0 >> 32), hash: Int32(truncatingIfNeeded: $0)) })
    }
}
