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
