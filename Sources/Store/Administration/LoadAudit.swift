import Domain
import Postgres

/// What people did to a message (admins only).
public struct LoadAudit: Statement {
    public var object: String
    public init(object: String) { self.object = object }
    public struct Entry: Sendable {
        public var at: Timestamp
        public var actor: String
        public var action: String
        public var why: String?
        /// JSON.
        public var detail: String?
    }
    public var sql: String { "select at, actor, action, why, detail from martlet.audit where object = $1 order by at limit 1000" }
    public func bind(_ parameters: inout PQParams) { parameters.text(object) }
    public static func read(_ rows: PQRows) throws -> [Entry] {
        try rows.map {
            Entry(
                at: try $0.timestamp(0), actor: try $0.text(1), action: try $0.text(2), why: try $0.textOrNull(3),
                detail: try $0.jsonbOrNull(4))
        }
    }
}
