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

/// Part that a cursor's value points at.
public func ringPart(ofCursor value: Int64) -> Int16 { Int16(value & 4095) }

/// Every part of every ring.
public struct LoadRingParts: Statement {
    public init() {}

    public enum Kind: String, Sendable { case ready, leased, due }
    public struct Part: Sendable, Equatable {
        public var kind: Kind
        public var lane: Int16
        /// Of the partition of its ring; SQL calls it `slot`.
        public var number: Int16
        public var generation: Int64
        public var isFree: Bool
        /// Of its heap, in 8 KiB pages.
        public var pages: Int64
        /// Pages that it began with; 0: it began empty.
        public var reusedPages: Int32
        /// What was inserted since, when it did not begin empty: by statistics, which come a second late and may be lost.
        public var insertedRows: Int64

        public init(
            kind: Kind, lane: Int16, number: Int16, generation: Int64, isFree: Bool, pages: Int64, reusedPages: Int32 = 0,
            insertedRows: Int64 = 0
        ) {
            self.kind = kind
            self.lane = lane
            self.number = number
            self.generation = generation
            self.isFree = isFree
            self.pages = pages
            self.reusedPages = reusedPages
            self.insertedRows = insertedRows
        }
    }

    public var sql: String {
        """
        select kind, lane, slot, generation, is_free,
            coalesce(pg_relation_size(to_regclass('martlet_data.' || kind || '_' || slot)), 0) / 8192, reused_pages,
            case when reused_pages > 0 then coalesce(pg_stat_get_ins_since_vacuum(to_regclass('martlet_data.' || kind || '_' || slot)), 0) else 0 end
        from martlet_data.segments order by kind, lane, generation, slot
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Part] {
        try rows.map { row in
            guard let kind = Kind(rawValue: try row.text(0)) else {
                throw StoreError.internalError(
                    "martlet_data.segments has a kind that this binary does not know: \(try row.text(0))")
            }
            return Part(
                kind: kind, lane: try row.int2(1), number: try row.int2(2), generation: try row.int8(3), isFree: try row.bool(4),
                pages: try row.int8(5), reusedPages: try row.int4(6), insertedRows: try row.int8(7))
        }
    }
}

/// Lanes that an admin has paused.
public struct LoadPausedLanes: Statement {
    public init() {}
    public var sql: String { "select lane from martlet_data.lanes where paused_at is not null" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Set<Int16> { Set(try rows.map { try $0.int2(0) }) }
}
