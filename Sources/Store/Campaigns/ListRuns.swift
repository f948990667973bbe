import Domain
import Postgres

/// Runs, newest first.
public struct ListRuns: Statement {
    public var campaign: String?
    public var run: Int32?
    public init(campaign: String? = nil, run: Int32? = nil) {
        self.campaign = campaign
        self.run = run
    }
    public struct Run: Sendable {
        public var id: Int32
        public var campaign: String
        public var version: Int32
        public var audience: String
        public var members: Int64
        public var state: String
        public var pausedFor: [String]
        public var pauseReason: String?
        public var waiting: Int64
        public var nextRelease: Timestamp?
        public var lastRelease: Timestamp?
        public var createdAt: Timestamp
        public var createdBy: String
    }
    public var sql: String {
        """
        select run_id, campaign, version, audience, members, state, coalesce(paused_for, '{}')::text[], pause_reason, waiting, next_release, last_release,
            created_at, created_by
        from martlet.runs where ($1::text is null or campaign = $1) and ($2::int4 is null or run_id = $2) order by run_id desc limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(campaign)
        parameters.int4(run)
    }
    public static func read(_ rows: PQRows) throws -> [Run] {
        try rows.map {
            Run(
                id: try $0.int4(0), campaign: try $0.text(1), version: try $0.int4(2), audience: try $0.text(3),
                members: try $0.int8(4), state: try $0.text(5), pausedFor: try $0.textArray(6), pauseReason: try $0.textOrNull(7),
                waiting: try $0.int8(8), nextRelease: try $0.timestampOrNull(9), lastRelease: try $0.timestampOrNull(10),
                createdAt: try $0.timestamp(11), createdBy: try $0.text(12))
        }
    }
}
