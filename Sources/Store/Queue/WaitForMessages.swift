import Domain
import Postgres

/// Waits in the server until something may have come into a lane, for all workers of the cluster: one of them waits, any other is answered
/// at once. The SQL function says what is waited for, and why its lock needs no care.
public struct WaitForMessages: Statement {
    /// Of the probe before: it ends as soon as `message_seq` has another value.
    public var sequence: Int64
    /// Transactions that may still fill a position: it ends as soon as one of them has ended.
    public var open: [Int64]
    /// How often it looks.
    public var poll: Duration
    /// How long; zero: it does not wait.
    public var timeout: Duration
    /// It ends when a message is due, too.
    public var promotes: Bool

    public init(sequence: Int64, open: [Int64], poll: Duration, timeout: Duration, promotes: Bool) {
        self.sequence = sequence
        self.open = open
        self.poll = poll
        self.timeout = timeout
        self.promotes = promotes
    }

    public struct Answer: Sendable {
        /// This one has waited for all.
        public var elected: Bool
        /// A message is due.
        public var isDue: Bool
        /// The one that waits has left something that came a while ago.
        public var isBehind = false
        /// As of the end of the wait.
        public var probe: QueueProbe.Answer
    }

    public var sql: String {
        """
        select sequence, snapshot, next, cursors, leased_cursor, due_cursor, elected, is_due
        from martlet_data.wait_for_messages($1, $2::text[]::xid8[], $3, $4, $5)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8(sequence)
        parameters.textArray(open.map(String.init))
        parameters.int4(Int32(clamping: Int64(poll / .milliseconds(1))))
        parameters.int4(Int32(clamping: Int64(timeout / .milliseconds(1))))
        parameters.bool(promotes)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(elected: try row.bool(6), isDue: try row.bool(7), probe: try QueueProbe.read(row))
    }
}
