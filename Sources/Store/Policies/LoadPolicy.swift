import Domain
import Postgres
import Text

/// The newest policy: the operators' files, as they wrote them.
public struct LoadPolicy: Statement {
    /// nil: the newest.
    public var version: Int?
    public init(version: Int? = nil) { self.version = version }
    public struct Stored: Sendable {
        public var version: Int
        /// A JSON object: file name → text.
        public var files: String
        public var appliedAt: Timestamp
        public var appliedBy: String
    }
    public var sql: String {
        "select version, files, applied_at, applied_by from martlet_data.policies where $1::int4 is null or version = $1 order by version desc limit 1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(version.map { Int32(clamping: $0) }) }
    public static func read(_ rows: PQRows) throws -> Stored? {
        try rows.first.map {
            Stored(
                version: Int(try $0.int4(0)), files: try $0.jsonb(1), appliedAt: try $0.timestamp(2), appliedBy: try $0.text(3))
        }
    }
}
