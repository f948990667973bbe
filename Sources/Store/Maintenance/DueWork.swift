import Postgres

/// Which of the duties that are asked for often have anything to do: one cheap statement, while taking a duty's lock and looking costs four each.
public struct DueWork: Statement {
    /// False: whether Rescue has anything to do is not looked at. Beside a drain that look walks over everything that was leased lately.
    public var asksForRescue: Bool
    public init(asksForRescue: Bool) { self.asksForRescue = asksForRescue }
    public struct Answer: Sendable {
        /// The time of a parked event has come.
        public var events: Bool
        public var followUps: Bool
        /// Something is leased, or connections are held, that a dead worker may have left; nil: not asked for.
        public var rescue: Bool?
        /// The next batch of a job may begin.
        public var jobs: Bool
        /// A run of a campaign has chunks left.
        public var runs: Bool
        /// A code belongs to a message whose outcome is not known yet.
        public var codes: Bool
        /// A step of a journey is due.
        public var journeys: Bool
    }
    public var sql: String {
        """
        select exists (select from martlet_data.provider_events where next_try <= clock_timestamp()),
            exists (select from martlet_data.follow_ups where state = 'open' and due_at <= clock_timestamp()),
            case when $1 then exists (select from martlet_data.leased) or exists (select from martlet_data.connection_slots) end,
            exists (select from martlet_data.jobs where state = 'running' and next_at <= clock_timestamp()),
            exists (select from martlet_data.runs where is_open),
            exists (select from martlet_data.codes where state in ('reserved', 'held')),
            exists (select from martlet_data.journeys j where j.paused_at is null and exists (
                select from martlet_data.journey_people p where p.journey_id = j.id and p.due_at <= clock_timestamp()))
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.bool(asksForRescue) }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            events: try row.bool(0), followUps: try row.bool(1), rescue: try row.boolOrNull(2), jobs: try row.bool(3),
            runs: try row.bool(4), codes: try row.bool(5), journeys: try row.bool(6))
    }
}
