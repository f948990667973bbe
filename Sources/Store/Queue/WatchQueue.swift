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

/// Whether a session of this server can be woken by NOTIFY: not where transactions may be prepared, because those that notify cannot be.
public struct MayNotify: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var isAllowed: Bool
        /// The server's process of this session.
        public var process: Int32
    }
    public var sql: String { "select current_setting('max_prepared_transactions') = '0', pg_backend_pid()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(isAllowed: try row.bool(0), process: try row.int4(1))
    }
}

extension StoreConnection {
    /// Why an enqueue cannot wake this session; nil: it can. A pooler gives a number of its own for the process that answers.
    public func whyNotWoken() async throws -> String? {
        let answer = try await run(MayNotify())
        if await connection.backendPID != answer.process { return "a pooler stands between" }
        return answer.isAllowed ? nil : "max_prepared_transactions is not 0, and a transaction that notifies cannot be prepared"
    }

    /// One element for each time that enqueues have woken this session, until the connection ends or the reader stops: the lane that a message has
    /// come into; nil: any.
    public func wakeUps() async throws -> some AsyncSequence<Int16?, Never> & Sendable {
        do { return try await connection.listen(to: WatchQueue.channel).map { Int16($0.payload) } } catch let error as PQError {
            throw StoreError(error)
        }
    }

    /// Enqueues wake this session again, or no longer, after `wakeUps`.
    public func setListening(_ listens: Bool) async throws {
        let call = PQCall("listen", "\(listens ? "listen" : "unlisten") \(WatchQueue.channel)", prepared: false)
        do { _ = try await connection.query(call, within: .seconds(5)) } catch let error as PQError { throw StoreError(error) }
    }
}
