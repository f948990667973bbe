import Domain
import Postgres

/// What of a run's campaign the plan keeps; as it was when the run was started.
public struct RunRules: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public struct Rules: Sendable {
        public var window: Campaign.Window?
        public var missed: Campaign.Missed
        public var pace: Double?
    }
    public var sql: String { "select window_from, window_until, missed, pace from martlet_data.runs where id = $1" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> Rules? {
        try rows.first.map { row in
            let (from, until) = (try row.int2OrNull(0), try row.int2OrNull(1))
            return Rules(
                window: from.flatMap { from in until.map { Campaign.Window(from: Int(from), until: Int($0)) } },
                missed: Campaign.Missed(rawValue: try row.text(2)) ?? .tomorrow, pace: try row.float8OrNull(3))
        }
    }
}
