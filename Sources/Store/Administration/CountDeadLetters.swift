import Domain
import Postgres

/// How many match, by reason, most first; and the instant of the count.
public struct CountDeadLetters: Statement {
    public var filter: DeadLetterFilter
    public init(filter: DeadLetterFilter) { self.filter = filter }
    public struct Answer: Sendable {
        public var reasons: [(reason: String, count: Int)] = []
        public var now = Timestamp(microseconds: 0)
        public var total: Int { reasons.reduce(0) { $0 + $1.count } }
    }
    public var sql: String {
        """
        select c.reason, c.count, clock_timestamp() from (values (1)) one(one) left join (
            select reason, count(*) as count from martlet.dead_letters where \(DeadLetterFilter.condition) group by reason
        ) c on true order by c.count desc, c.reason limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { filter.bind(&parameters) }
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer()
        for row in rows {
            answer.now = try row.timestamp(2)
            if let reason = try row.textOrNull(0) { answer.reasons.append((reason, Int(try row.int8(1)))) }
        }
        return answer
    }
}
