import Postgres
import Text

/// Begins an import or finds it again; answers how many lines are done. SQLSTATE MT014: another file went under this name, or it was given other arguments.
public struct ImportBegin: Statement {
    public var name: String
    /// Of the beginning of the file.
    public var beginning: [UInt8]
    /// What is given for all records, by argument; another run must give the same.
    public var arguments: [String: String]
    public init(name: String, beginning: [UInt8], arguments: [String: String] = [:]) {
        self.name = name
        self.beginning = beginning
        self.arguments = arguments
    }
    public var sql: String { "select martlet.import_begin($1, encode(sha256($2), 'hex'), $3)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.bytea(beginning)
        let members = arguments.sorted { $0.key < $1.key }.map { "\(JSONString.quoted($0.key)):\(JSONString.quoted($0.value))" }
        parameters.jsonb("{\(members.joined(separator: ","))}")
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
