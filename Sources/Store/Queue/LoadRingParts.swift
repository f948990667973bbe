import Postgres

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
