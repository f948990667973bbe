import Domain
import Postgres

/// Measures levels for all workers, over messages enqueued within `span`; run by whoever has the duty. Answers how long it took.
public struct MeasureLevels: Statement {
    public var span: Duration
    public init(span: Duration) { self.span = span }
    public var sql: String { "select martlet_data.measure_levels($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.interval(span) }
    public static func read(_ rows: PQRows) throws -> Duration { Duration(clampingSeconds: try rows.only.float8(0)) }
}

/// What was measured last.
public struct LoadLevels: Statement {
    public init() {}
    public struct Level: Sendable, Hashable {
        /// class, provider, budget, measure.
        public var kind: String
        public var name: String
        public var figure: String
        public var value: Double
    }
    public struct Answer: Sendable {
        public var levels: [Level] = []
        /// nil: never.
        public var age: Duration?
    }
    public var sql: String {
        """
        select kind, name, figure, value, extract(epoch from clock_timestamp() - measured_at)::float8 from martlet_data.levels
        order by kind, name, figure limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer()
        for row in rows {
            answer.levels.append(
                Level(kind: try row.text(0), name: try row.text(1), figure: try row.text(2), value: try row.float8(3)))
            answer.age = Duration(clampingSeconds: try row.float8(4))
        }
        return answer
    }
}
