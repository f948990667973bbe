import Domain

/// A run of a campaign, and the zone of some of its recipients; or a journey.
public struct RunPlace: Hashable, Sendable {
    /// A journey: its number below zero.
    public var run: Int32
    public var zone: String
    public init(run: Int32, zone: String) {
        self.run = run
        self.zone = zone
    }
    public init(journey: Int32) {
        self.run = -journey
        self.zone = ""
    }
}

/// What a run says about its messages to a zone at this moment, read by Admit under its locks.
public struct RunFacts: Sendable {
    public var isPaused: Bool
    public var missed: Campaign.Missed
    /// Its window is shut there now, until then.
    public var shutUntil: Timestamp?
    public init(isPaused: Bool, missed: Campaign.Missed, shutUntil: Timestamp?) {
        self.isPaused = isPaused
        self.missed = missed
        self.shutUntil = shutUntil
    }

    /// The part of `AdmitFacts` about runs, for batches that have any: `$8` their numbers, `$9` the zones. Outside the window is as quiet hours from
    /// its end to its beginning.
    static let sql = """
        union all select 8::int2, r.id::int8, i.zone, case when exists (
                select from martlet_data.run_pauses p where p.run_id = r.id and p.lifted_at is null) then 'paused' else 'open' end,
            r.missed, nullif(martlet_data.outside_quiet(n.at, i.zone, r.window_until, r.window_from), n.at)
        from unnest($8::int4[], $9::text[]) i(run, zone)
        cross join lateral (select * from martlet_data.runs o where o.id = i.run offset 0) r cross join (select clock_timestamp() as at offset 0) n
        union all select 8::int2, -j.id::int8, '', 'paused', 'tomorrow', null
        from unnest($8::int4[]) i(run) cross join lateral (select * from martlet_data.journeys o where o.id = -i.run offset 0) j where j.paused_at is not null
        """
}
