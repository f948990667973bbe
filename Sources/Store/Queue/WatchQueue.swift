import Postgres

/// What the worker looks at that waits for all workers of the cluster: a probe, whether a message is due, and whether this is the one that waits.
/// The SQL function says how it is elected, and how an enqueue wakes it.
public struct WatchQueue: Statement {
    /// What an enqueue notifies while somebody sleeps.
    public static let channel = "martlet_ready"
    /// It waits for all, if no other worker does.
    public var elects: Bool
    /// This session was elected before.
    public var holds: Bool
    /// Enqueues shall wake it from now on.
    public var sleeps: Bool
    /// It looks whether a message is due.
    public var promotes: Bool

    /// It looks whether the one that waits has left something at this position or before it.
    public var behind: Int64?

    public init(elects: Bool, holds: Bool, sleeps: Bool, promotes: Bool, behind: Int64? = nil) {
        self.behind = behind
        self.elects = elects
        self.holds = holds
        self.sleeps = sleeps
        self.promotes = promotes
    }

    public var sql: String {
        """
        select sequence, snapshot, next, cursors, leased_cursor, due_cursor, elected, is_due, is_behind
        from martlet_data.watch_queue($1, $2, $3, $4, $5)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        for value in [elects, holds, sleeps, promotes] { parameters.bool(value) }
        parameters.int8(behind)
    }
    public static func read(_ rows: PQRows) throws -> WaitForMessages.Answer {
        var answer = try WaitForMessages.read(rows)
        answer.isBehind = try rows.only.bool(8)
        return answer
    }
}
