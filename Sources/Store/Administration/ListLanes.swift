import Domain
import Postgres

/// The lanes with their depth. Counts every waiting row: seconds with millions waiting.
public struct ListLanes: Statement {
    public init() {}
    public struct Lane: Sendable {
        public var lane: Int
        public var classes: String?
        public var ready: Int
        /// When the oldest ready message was enqueued.
        public var oldest: Timestamp?
        public var due: Int
        public var nextDue: Timestamp?
        public var leased: Int
        public var pausedAt: Timestamp?
        public var pausedBy: String?
        public var pauseReason: String?
    }
    public var sql: String {
        """
        select lane, classes, ready, oldest, due, next_due, leased, paused_at, paused_by, pause_reason from martlet.lanes
        order by lane limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Lane] {
        try rows.map {
            Lane(
                lane: Int(try $0.int2(0)), classes: try $0.textOrNull(1), ready: Int(try $0.int8(2)),
                oldest: try $0.timestampOrNull(3),
                due: Int(try $0.int8(4)), nextDue: try $0.timestampOrNull(5), leased: Int(try $0.int8(6)),
                pausedAt: try $0.timestampOrNull(7), pausedBy: try $0.textOrNull(8), pauseReason: try $0.textOrNull(9))
        }
    }
}
