import Domain
import Postgres

/// Members of a run that are released together.
public struct PlannedChunk: Sendable, Equatable {
    public var zone: Int16
    public var firstPlace: Int64
    public var lastPlace: Int64
    public var dueAt: Timestamp
    public var isSkipped: Bool
    public init(zone: Int16, firstPlace: Int64, lastPlace: Int64, dueAt: Timestamp, isSkipped: Bool) {
        self.zone = zone
        self.firstPlace = firstPlace
        self.lastPlace = lastPlace
        self.dueAt = dueAt
        self.isSkipped = isSkipped
    }
}

/// Which members of a run are released when; in place of the chunks that are not released yet. Answers how many chunks the run has.
public struct PlanRun: Statement {
    public var run: Int32
    public var chunks: [PlannedChunk]
    public init(run: Int32, chunks: [PlannedChunk]) {
        self.run = run
        self.chunks = chunks
    }
    public var sql: String {
        "select martlet_data.plan_run($1::int4, $2::int2[], $3::int8[], $4::int8[], $5::timestamptz[], $6::bool[])"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.int2Array(chunks.map(\.zone))
        parameters.int8Array(chunks.map(\.firstPlace))
        parameters.int8Array(chunks.map(\.lastPlace))
        parameters.timestamps(chunks.map(\.dueAt))
        parameters.boolArray(chunks.map(\.isSkipped))
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
