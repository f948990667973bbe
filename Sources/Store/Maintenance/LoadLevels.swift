import Domain
import Postgres

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
