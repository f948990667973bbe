import Postgres

/// Releases one chunk that is due: its members become messages, in one transaction. Safe from any number of workers at once.
public struct ReleaseChunk: Statement {
    /// Messages that may wait in a lane before a run without a pace waits too.
    public var room: Int32
    public init(room: Int32) { self.room = room }
    public struct Outcome: Sendable, Equatable {
        public var run: Int32
        public var released: Int32
        public var skipped: Int32
        /// `released`, or why the run was paused instead: `pool_dry`, `refused`.
        public var event: String
    }
    public var sql: String { "select run, released, skipped, event from martlet_data.release_chunk($1::int4)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(room) }
    /// nil: there is nothing to release.
    public static func read(_ rows: PQRows) throws -> Outcome? {
        guard let row = rows.first, let event = try row.textOrNull(3) else { return nil }
        return Outcome(
            run: try row.int4(0), released: try row.int4OrNull(1) ?? 0, skipped: try row.int4OrNull(2) ?? 0, event: event)
    }
}

/// Runs whose chunks are all released are not looked at any more; answers how many.
public struct CloseRuns: Statement {
    public init() {}
    public var sql: String { "select martlet_data.close_runs()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// What became of codes, from what became of their messages. Walks over them by message; answers where it got to, nil at the end.
public struct SettleCodes: Statement {
    public static let limit: Int32 = 2000
    public var after: Int64
    public init(after: Int64) { self.after = after }
    public var sql: String { "select looked, last from martlet_data.settle_codes($1::int8, \(Self.limit))" }
    public func bind(_ parameters: inout PQParams) { parameters.int8(after) }
    public static func read(_ rows: PQRows) throws -> Int64? {
        try rows.only.int4OrNull(0) == limit ? try rows.only.int8OrNull(1) : nil
    }
}

/// People of lists and runs that nobody needs any more; answers how many tables went.
public struct DropMembers: Statement {
    /// Of a run's members, from its start on.
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String { "select martlet_data.drop_members($1::interval)" }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
