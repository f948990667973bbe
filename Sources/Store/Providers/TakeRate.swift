import Postgres

/// Takes the next stretch of a provider's line: the instants at which single segments may leave, shared by the whole cluster.
public struct TakeRate: Statement {
    public var provider: String
    /// Segments a second along the line.
    public var rate: Double
    /// Segments that could leave soon.
    public var want: Int32
    /// Fewer are of no use: what the first waiting message has.
    public var need: Int32
    /// How far ahead of the present the line may be given out.
    public var horizon: Duration

    public init(provider: String, rate: Double, want: Int32, need: Int32, horizon: Duration) {
        self.provider = provider
        self.rate = rate
        self.want = want
        self.need = need
        self.horizon = horizon
    }

    public struct Answer: Sendable {
        /// 0: the line is given out as far as the horizon.
        public var granted: Int
        /// From the database's present to the first segment, or to the end of the line.
        public var ahead: Duration
        /// Between these two was the database's present, where somebody else than the asker measured it.
        public var exchange: (asked: ContinuousClock.Instant, answered: ContinuousClock.Instant)?
    }

    public var sql: String { "select granted, ahead from martlet_data.take_rate($1, $2, $3, $4, $5)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(provider)
        parameters.float8(rate)
        parameters.int4(want)
        parameters.int4(need)
        parameters.float8(horizon / .seconds(1))
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(granted: Int(try row.int4(0)), ahead: .seconds(try row.float8(1)))
    }
}

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
