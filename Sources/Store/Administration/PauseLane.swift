import Postgres

/// Pauses a lane: nothing of it is claimed until it is resumed.
public struct PauseLane: Statement {
    public var lane: Int
    public var why: String
    public init(lane: Int, why: String) {
        self.lane = lane
        self.why = why
    }
    public var sql: String { "select martlet.pause_lane($1, $2) is null" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(clamping: lane))
        parameters.text(why)
    }
}
