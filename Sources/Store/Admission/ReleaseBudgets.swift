import Domain
import Postgres

/// Gives back what attempts that certainly did not happen took of budgets, each at most once. Answers how many gave something.
public struct ReleaseBudgets: Statement {
    public var messageIDs: [MessageID] = []
    public var attempts: [Int16] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }
    public mutating func add(_ messageID: MessageID, attempt: Int16) {
        messageIDs.append(messageID)
        attempts.append(attempt)
    }
    public var sql: String { "select martlet_data.release_budgets($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
