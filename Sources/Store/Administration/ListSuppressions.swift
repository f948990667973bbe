import Domain
import Postgres

/// Suppressions, newest first (admins only).
public struct ListSuppressions: Statement {
    public var address: String?
    public var channel: String?
    public var includesLifted: Bool
    public var limit: Int
    public init(address: String?, channel: String?, includesLifted: Bool, limit: Int) {
        self.address = address
        self.channel = channel
        self.includesLifted = includesLifted
        self.limit = limit
    }
    public struct Suppression: Sendable {
        public var id: Int64
        public var channel: String
        public var address: String
        public var scope: String
        public var reason: String
        public var createdAt: Timestamp
        public var createdBy: String
        public var liftedAt: Timestamp?
        public var liftedBy: String?
        public var liftReason: String?
    }
    public var sql: String {
        """
        select id, channel, address, scope, reason, created_at, created_by, lifted_at, lifted_by, lift_reason from martlet_data.suppressions
        where ($1::text is null or address_key = martlet_data.address_key($1)) and ($2::text is null or channel = $2) and ($3 or lifted_at is null)
        order by id desc limit $4
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(address)
        parameters.text(channel)
        parameters.bool(includesLifted)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [Suppression] {
        try rows.map {
            Suppression(
                id: try $0.int8(0), channel: try $0.text(1), address: try $0.text(2), scope: try $0.text(3),
                reason: try $0.text(4),
                createdAt: try $0.timestamp(5), createdBy: try $0.text(6), liftedAt: try $0.timestampOrNull(7),
                liftedBy: try $0.textOrNull(8), liftReason: try $0.textOrNull(9))
        }
    }
}
