import Postgres

/// The same for several providers by one statement, in one round trip. Answers come in the order of the questions.
///
/// Each line is locked until the statement ends, always in one order, so that two workers cannot wait for each other in a circle.
public struct TakeAllRates: Statement {
    public var questions: [TakeRate]
    public init(_ questions: [TakeRate]) { self.questions = questions }

    public var sql: String {
        """
        select t.granted, t.ahead, q.n from (
            select * from unnest($1::text[], $2::float8[], $3::int4[], $4::int4[], $5::float8[]) with ordinality i(provider, rate, want, need, horizon, n)
            order by hashtext(i.provider), i.provider offset 0) q
        cross join lateral martlet_data.take_rate(q.provider, q.rate, q.want, q.need, q.horizon) t
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(questions.map(\.provider))
        parameters.float8Array(questions.map(\.rate))
        parameters.int4Array(questions.map(\.want))
        parameters.int4Array(questions.map(\.need))
        parameters.float8Array(questions.map { $0.horizon / .seconds(1) })
    }
    public static func read(_ rows: PQRows) throws -> [TakeRate.Answer] {
        let answers = try rows.map { row in
            (try row.int8(2), TakeRate.Answer(granted: Int(try row.int4(0)), ahead: .seconds(try row.float8(1))))
        }
        return answers.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
