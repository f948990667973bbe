import Domain
import Postgres

/// The newest versions of the policy, newest first, without their files.
public struct PolicyHistory: Statement {
    public var limit: Int
    public init(limit: Int) { self.limit = limit }
    public struct Version: Sendable {
        public var version: Int
        public var appliedAt: Timestamp
        public var appliedBy: String
        public var note: String?
    }
    public var sql: String {
        "select version, applied_at, applied_by, note from martlet_data.policies order by version desc limit $1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(Int64(limit)) }
    public static func read(_ rows: PQRows) throws -> [Version] {
        try rows.map {
            Version(
                version: Int(try $0.int4(0)), appliedAt: try $0.timestamp(1), appliedBy: try $0.text(2),
                note: try $0.textOrNull(3))
        }
    }
}
