import Domain
import Postgres

/// Makes a run of a campaign over the people of its audience, by one snapshot; the first half of a start, in one transaction with `PlanRun`.
/// Answers the zones of its members. SQLSTATEs MT001 … MT005, MT020, MT022, MT023: what of the campaign cannot be, with the remedy.
public struct FreezeRun: Statement {
    public var campaign: Campaign
    public var version: Int32
    /// As the operators wrote it.
    public var definition: String
    public var needsApproval: Bool
    public init(_ campaign: Campaign, version: Int32, definition: String, needsApproval: Bool) {
        self.campaign = campaign
        self.version = version
        self.definition = definition
        self.needsApproval = needsApproval
    }

    public struct Zone: Sendable, Equatable {
        public var run: Int32
        public var zone: Int16
        public var timeZone: String
        public var firstPlace: Int64
        public var members: Int64
    }

    public var sql: String {
        """
        select run_id, zone, time_zone, first_place, members from martlet_data.freeze_run(jsonb_build_object(
            'campaign', $1::text, 'version', $2::int4, 'definition', $3::text, 'audience', $4::text, 'seed', $5::text, 'class', $6::text, 'channel', $7::text,
            'sender', $8::text, 'fallback_zone', $9::text, 'window_from', $10::int2, 'window_until', $11::int2, 'missed', $12::text, 'pool', $13::text, 'code_name', $22::text,
            'goal', $14::text, 'pace', $15::float8, 'needs_approval', $16::bool,
            'variants', (select jsonb_agg(jsonb_build_object('name', v.name, 'template', v.template, 'share', v.share) order by v.n)
                from unnest($17::text[], $18::text[], $19::int4[]) with ordinality v(name, template, share, n)),
            'variables', (select jsonb_object_agg(v.name, v.value) from unnest($20::text[], $21::text[]) v(name, value))))
        limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(campaign.name)
        parameters.int4(version)
        parameters.text(definition)
        parameters.text(campaign.audience)
        parameters.text(campaign.seed)
        parameters.text(campaign.messageClass)
        parameters.text(campaign.channel.rawValue)
        parameters.text(campaign.sender)
        parameters.text(campaign.timeZone)
        parameters.int2(campaign.window.map { Int16($0.from) })
        parameters.int2(campaign.window.map { Int16($0.until) })
        parameters.text(campaign.missed.rawValue)
        parameters.text(campaign.pool)
        parameters.text(campaign.goal)
        parameters.float8(campaign.pace)
        parameters.bool(needsApproval)
        parameters.textArray(campaign.variants.map(\.name))
        parameters.textArray(campaign.variants.map(\.template))
        parameters.int4Array(campaign.variants.map { Int32($0.share) })
        let variables = campaign.variables.sorted { $0.key < $1.key }
        parameters.textArray(variables.map(\.key))
        parameters.textArray(variables.map(\.value))
        parameters.text(campaign.codeVariable)
    }
    public static func read(_ rows: PQRows) throws -> [Zone] {
        try rows.map {
            Zone(
                run: try $0.int4(0), zone: try $0.int2(1), timeZone: try $0.text(2), firstPlace: try $0.int8(3),
                members: try $0.int8(4))
        }
    }
}

/// Members of a run that are released together.
public struct PlannedChunk: Sendable, Equatable {
    public var zone: Int16
    public var firstPlace: Int64
    public var lastPlace: Int64
    public var dueAt: Timestamp
    public var isSkipped: Bool
    public init(zone: Int16, firstPlace: Int64, lastPlace: Int64, dueAt: Timestamp, isSkipped: Bool) {
        self.zone = zone
        self.firstPlace = firstPlace
        self.lastPlace = lastPlace
        self.dueAt = dueAt
        self.isSkipped = isSkipped
    }
}

/// Which members of a run are released when; in place of the chunks that are not released yet. Answers how many chunks the run has.
public struct PlanRun: Statement {
    public var run: Int32
    public var chunks: [PlannedChunk]
    public init(run: Int32, chunks: [PlannedChunk]) {
        self.run = run
        self.chunks = chunks
    }
    public var sql: String {
        "select martlet_data.plan_run($1::int4, $2::int2[], $3::int8[], $4::int8[], $5::timestamptz[], $6::bool[])"
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(run)
        parameters.int2Array(chunks.map(\.zone))
        parameters.int8Array(chunks.map(\.firstPlace))
        parameters.int8Array(chunks.map(\.lastPlace))
        parameters.timestamps(chunks.map(\.dueAt))
        parameters.boolArray(chunks.map(\.isSkipped))
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// Chunks of a run that are not released, in order of their instants.
public struct WaitingChunks: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public var sql: String {
        """
        select c.zone, c.first_place, c.last_place, c.due_at from martlet_data.run_chunks c
        where c.run_id = $1 and c.released_at is null order by c.due_at, c.first_place limit 1000000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [PlannedChunk] {
        try rows.map {
            PlannedChunk(
                zone: try $0.int2(0), firstPlace: try $0.int8(1), lastPlace: try $0.int8(2), dueAt: try $0.timestamp(3),
                isSkipped: false)
        }
    }
}

/// The zones of a run by their numbers.
public struct RunZones: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public var sql: String { "select zone, time_zone from martlet_data.run_zones where run_id = $1 order by zone limit 10000" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [Int16: String] {
        var zones: [Int16: String] = [:]
        for row in rows { zones[try row.int2(0)] = try row.text(1) }
        return zones
    }
}

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

/// Where the offsets of zones from UTC change within a stretch of time, found by looking each half hour (no zone changes at another time); and what
/// time it is. The database is the only authority for local time.
public struct ZoneOffsets: Statement {
    public var zones: [String]
    public var from: Timestamp
    public var length: Duration
    public init(zones: [String], from: Timestamp, length: Duration) {
        self.zones = zones
        self.from = from
        self.length = length
    }
    public struct Offset: Sendable {
        public var zone: String
        public var at: Timestamp
        /// Seconds east of UTC.
        public var seconds: Int64
    }
    public var sql: String {
        """
        select c.zone, c.at, c.seconds::int8 from (
            select z.zone, t.at, extract(epoch from (t.at at time zone z.zone) - (t.at at time zone 'UTC')) as seconds,
                lag(extract(epoch from (t.at at time zone z.zone) - (t.at at time zone 'UTC'))) over (partition by z.zone order by t.at) as before
            from unnest($1::text[]) z(zone),
                generate_series(to_timestamp(floor(extract(epoch from $2::timestamptz) / 1800) * 1800), $2::timestamptz + $3::interval, interval '30 minutes') t(at)) c
        where c.seconds is distinct from c.before order by c.zone, c.at limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(zones)
        parameters.timestamp(from)
        parameters.interval(length)
    }
    public static func read(_ rows: PQRows) throws -> [Offset] {
        try rows.map { Offset(zone: try $0.text(0), at: try $0.timestamp(1), seconds: try $0.int8(2)) }
    }
}

/// The database's time, and the instant of a wall-clock time in a zone. SQLSTATE 22023: the zone does not exist.
public struct StartTime: Statement {
    /// `2027-03-01 09:00`; nil: now.
    public var local: String?
    public var zone: String
    public init(local: String?, zone: String) {
        self.local = local
        self.zone = zone
    }
    public var sql: String { "select clock_timestamp(), ($1::text)::timestamp at time zone $2::text" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(local)
        parameters.text(zone)
    }
    public static func read(_ rows: PQRows) throws -> (now: Timestamp, start: Timestamp) {
        let now = try rows.only.timestamp(0)
        return (now, try rows.only.timestampOrNull(1) ?? now)
    }
}

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
