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
