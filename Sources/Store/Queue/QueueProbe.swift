import Postgres

/// What a worker looks at to know whether there may be something new: one cheap statement, no table but `lanes`.
///
/// `sequence` is an accelerator only: it moves before the enqueuing transaction commits.
public struct QueueProbe: Statement {
    public init() {}

    public struct Answer: Sendable, Equatable {
        /// Last value of `message_seq`, 0 before its first: something has been, or is about to be, put into a lane.
        public var sequence: Int64
        /// Open transactions below `limit`; one that enqueues takes its number before its position in a lane.
        public var open: [Int64]
        /// The snapshot's xmax: one above the last transaction that has *ended*. An open one may be at it or above.
        public var limit: Int64
        /// The next transaction number, read after `sequence`; `age` counts from the last that was given out.
        public var nextTransaction: Int64
        /// Cursor of each lane, 0…8: generation << 12 | part.
        public var cursors: [Int64]
        public var leasedCursor: Int64
        public var dueCursor: Int64

        public init(
            sequence: Int64, open: [Int64] = [], limit: Int64, nextTransaction: Int64, cursors: [Int64] = [],
            leasedCursor: Int64 = 0, dueCursor: Int64 = 0
        ) {
            self.sequence = sequence
            self.open = open
            self.limit = limit
            self.nextTransaction = nextTransaction
            self.cursors = cursors
            self.leasedCursor = leasedCursor
            self.dueCursor = dueCursor
        }
    }

    public var sql: String {
        """
        select coalesce(pg_sequence_last_value('martlet_data.message_seq'), 0), pg_current_snapshot()::text,
            pg_snapshot_xmax(pg_current_snapshot())::text::int8 + age(pg_snapshot_xmax(pg_current_snapshot())::xid) + 1,
            (select array_agg(pg_sequence_last_value(cursor) order by lane) from martlet_data.lanes),
            pg_sequence_last_value('martlet_data.leased_cursor'), pg_sequence_last_value('martlet_data.due_cursor')
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer { try read(rows.only) }

    /// The first six columns of a row.
    static func read(_ row: PQRow) throws -> Answer {
        // xmin:xmax:open,open,…
        let snapshot = try row.text(1).split(separator: ":", omittingEmptySubsequences: false)
        let open = snapshot.last?.split(separator: ",").compactMap { Int64($0) } ?? []
        guard snapshot.count == 3, let limit = Int64(snapshot[1]) else {
            throw StoreError.internalError("a snapshot that this binary does not understand: \(snapshot)")
        }
        return Answer(
            sequence: try row.int8(0), open: open, limit: limit, nextTransaction: try row.int8(2),
            cursors: try row.int8Array(3), leasedCursor: try row.int8(4), dueCursor: try row.int8(5))
    }
}
