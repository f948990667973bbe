import Postgres

/// Locks the cap rows of these people, in the order of their keys, and reads them. Keys must be sorted and distinct.
public struct LockCapUsage: Statement {
    public var recipientKeys: [String]
    public init(recipientKeys: [String]) { self.recipientKeys = recipientKeys }

    public struct Row: Sendable {
        public var recipientKey: String
        /// See `CapLedger`.
        public var hits: [UInt8]
    }

    public var sql: String {
        """
        select recipient_key, hits from martlet_data.cap_usage where recipient_key = any ($1) order by recipient_key for no key update
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(recipientKeys) }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map { Row(recipientKey: try $0.text(0), hits: try $0.bytea(1)) }
    }
}
