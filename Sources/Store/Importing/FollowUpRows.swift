import Domain
import Postgres

/// What follows if a message fails or is not heard of in time, for rows of the same transaction; answers how many have one.
public struct FollowUpRows: Statement {
    public var messageIDs: [MessageID]
    /// JSON objects with the arguments of `martlet.follow_up`, one for each message; nil: none.
    public var followUps: [String?]
    public var checksTemplates: Bool
    public init(messageIDs: [MessageID], followUps: [String?], checksTemplates: Bool = true) {
        self.messageIDs = messageIDs
        self.followUps = followUps
        self.checksTemplates = checksTemplates
    }
    public var sql: String { "select martlet.follow_up_rows($1, $2, $3)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(followUps)
        parameters.bool(checksTemplates)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
