import Postgres

/// Chunks of a run that are not released, in order of their instants.
public struct WaitingChunks: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public var sql: String {
        """
        select c.zone, c.first_place, c.last_place, c.due_at from martlet_data.run_chunks c
        where c.run_id = $1 and c.released_at is null order by c.due_at, c.first_place limit 1000000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [PlannedChunk] {
        try rows.map {
            PlannedChunk(
                zone: try $0.int2(0), firstPlace: try $0.int8(1), lastPlace: try $0.int8(2), dueAt: try $0.timestamp(3),
                isSkipped: false)
        }
    }
}
