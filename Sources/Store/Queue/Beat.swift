import Domain
import Postgres

/// One beat of a session by the database clock, with what a worker must know every second.
public struct Beat: Statement {
    public var session: Int32
    public var inFlight: Int32
    public var isDraining: Bool
    public init(session: Int32, inFlight: Int32, isDraining: Bool) {
        self.session = session
        self.inFlight = inFlight
        self.isDraining = isDraining
    }

    public struct Answer: Sendable {
        /// False: the session was fenced; nothing of it will be admitted or recorded any more.
        public var isAlive: Bool
        /// Sessions that share a provider's rate.
        public var liveSessions: Int
        public var now: Timestamp
        /// nil on a standby: then nothing may be admitted.
        public var timeline: Int64?
    }

    public var sql: String {
        """
        with beat as (update martlet_data.sessions set beat_at = clock_timestamp(), in_flight = $2, is_draining = $3
            where id = $1 and fenced_at is null and ended_at is null returning id)
        select exists (select from beat),
            (select count(*) from martlet_data.sessions where ended_at is null and fenced_at is null and id <> $1
                and beat_at > clock_timestamp() - interval '10 seconds') + 1,
            clock_timestamp(),
            case when not pg_is_in_recovery() then ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int8 end
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4(inFlight)
        parameters.bool(isDraining)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            isAlive: try row.bool(0), liveSessions: Int(try row.int8(1)), now: try row.timestamp(2),
            timeline: try row.int8OrNull(3))
    }
}
