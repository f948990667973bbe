import Domain
import Postgres

/// The same for `martlet message show`, for admins alone: addresses may hold what people type into forms.
public struct LoadTargets: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Found: Sendable {
        public var targets: [String]
        public var expiresAt: Timestamp
    }
    public var sql: String { "select targets, expires_at from martlet_data.message_links where message_id = $1" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> Found? {
        try rows.first.map { Found(targets: try $0.textArray(0), expiresAt: try $0.timestamp(1)) }
    }
}
