import Postgres

/// What stands against the members of a run at this moment, counted before anything is released. Consents, caps and budgets are not foretold.
public struct RunForecast: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public struct Answer: Sendable, Equatable {
        /// Members who are to get a message.
        public var addressed: Int64
        public var heldOut: Int64
        public var withoutAddress: Int64
        public var suppressed: Int64
        /// Members without a zone of their own.
        public var withoutZone: Int64
        /// Free codes of the pool; nil: the run has none.
        public var codes: Int64?
    }
    public var sql: String {
        """
        with people as (
            select m.person, m.state, case r.channel when 'sms' then a.sms when 'email' then a.email else a.addresses->>r.channel end as address, r.channel, r.class,
                a.time_zone is null as is_zoneless
            from martlet_data.runs r join martlet_data.run_members m on m.run_id = r.id join martlet_data.audience_members a on a.audience_id = r.audience_id and a.n = m.n
            where r.id = $1),
        seen as (
            select p.state, p.address is null as no_address, p.is_zoneless, exists (
                    select from martlet_data.suppressions s where s.address_key = martlet_data.address_key(p.address) and s.channel = p.channel and s.lifted_at is null
                        and (s.scope in ('all', p.class) or s.scope = 'all_except_otp' and p.class <> 'otp')) as suppressed
            from people p)
        select count(*) filter (where state = 0 and not no_address and not suppressed), count(*) filter (where state = 3), count(*) filter (where state = 0 and no_address),
            count(*) filter (where state = 0 and not no_address and suppressed), count(*) filter (where is_zoneless),
            (select count(*) from martlet_data.runs r join martlet_data.codes c on c.pool = r.pool and c.state = 'free' where r.id = $1 and (c.valid_until > clock_timestamp()) is not false having max(r.pool) is not null)
        from seen
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            addressed: try row.int8(0), heldOut: try row.int8(1), withoutAddress: try row.int8(2), suppressed: try row.int8(3),
            withoutZone: try row.int8(4), codes: try row.int8OrNull(5))
    }
}
