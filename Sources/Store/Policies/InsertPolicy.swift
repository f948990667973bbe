import Postgres
import Text

/// Stores a checked policy as the newest version, with what enqueue must know of it. Run in one transaction with `UpsertClasses`,
/// `UpsertSenders` and `UpsertChannels`.
public struct InsertPolicy: Statement {
    /// A JSON object: file name → text.
    public var files: String
    public var note: String?
    /// Longest cap window; the stored one only grows, so that lowering and raising a limit forgets nothing.
    public var longestWindow: Duration
    public init(files: String, note: String?, longestWindow: Duration) {
        self.files = files
        self.note = note
        self.longestWindow = longestWindow
    }
    public var sql: String {
        """
        with kept as (update martlet_data.cap_retention set longest = greatest(longest, $3))
        insert into martlet_data.policies (files, note) values ($1, $2) returning version
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.jsonb(files)
        parameters.text(note)
        parameters.interval(longestWindow)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
