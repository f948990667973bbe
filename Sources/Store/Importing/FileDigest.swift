import Postgres

/// First half of SHA-256 in hex, for naming an import; no shared state is touched.
public struct FileDigest: Statement {
    public var bytes: [UInt8]
    public init(bytes: [UInt8]) { self.bytes = bytes }
    public var sql: String { "select left(encode(sha256($1), 'hex'), 16)" }
    public func bind(_ parameters: inout PQParams) { parameters.bytea(bytes) }
    public static func read(_ rows: PQRows) throws -> String { try rows.only.text(0) }
}
