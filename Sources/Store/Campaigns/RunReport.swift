import Postgres

/// Members of a run by variant, state and reason.
public struct RunReport: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public struct Count: Sendable, Equatable {
        public var variant: String
        public var state: String
        public var reason: String?
        public var members: Int64
        public var goals: Int64
        public init(variant: String, state: String, reason: String?, members: Int64, goals: Int64) {
            self.variant = variant
            self.state = state
            self.reason = reason
            self.members = members
            self.goals = goals
        }
    }
    public var sql: String {
        """
        select variant, state, reason, members, goals from martlet.run_report where run_id = $1::int4 order by variant, state, reason limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(
                variant: try $0.text(0), state: try $0.text(1), reason: try $0.textOrNull(2), members: try $0.int8(3),
                goals: try $0.int8(4))
        }
    }
}
