import Postgres
import Text

/// Begins an import of people or finds it again. SQLSTATEs MT014 (another file or other arguments), MT020 (the list's name).
public struct ImportAudience: Statement {
    public var name: String
    /// Of the beginning of the file.
    public var beginning: [UInt8]
    /// What is given for all records; another run must give the same.
    public var arguments: [String: String]
    public var audience: String
    public init(name: String, beginning: [UInt8], arguments: [String: String], audience: String) {
        self.name = name
        self.beginning = beginning
        self.arguments = arguments
        self.audience = audience
    }
    public struct Answer: Sendable, Equatable {
        public var linesDone: Int64
        /// The list that is being filled.
        public var list: Int32
        /// The list is in its place: there is nothing to do.
        public var isFinished: Bool
        public var members: Int64
        public var rejected: Int64
    }
    public var sql: String {
        """
        select lines_done, audience_id, is_finished, coalesce(members, 0), coalesce(rejected, 0)
        from martlet.import_audience($1, encode(sha256($2), 'hex'), $3, $4)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.bytea(beginning)
        let members = arguments.sorted { $0.key < $1.key }.map { "\(JSONString.quoted($0.key)):\(JSONString.quoted($0.value))" }
        parameters.jsonb("{\(members.joined(separator: ","))}")
        parameters.text(audience)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            linesDone: try row.int8(0), list: try row.int4(1), isFinished: try row.bool(2), members: try row.int8(3),
            rejected: try row.int8(4))
    }
}
