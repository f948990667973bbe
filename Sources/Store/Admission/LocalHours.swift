import Domain
import Postgres

/// Local time in every zone of a batch, by the database clock after the locks.
public struct LocalHours: Statement {
    /// A zone and the quiet hours of a class; -1 for none.
    public struct Query: Hashable, Sendable {
        public var zone: String
        public var from: Int16
        public var until: Int16
        public init(zone: String, quietHours: QuietHours?) {
            self.zone = zone
            self.from = quietHours.map { Int16($0.from) } ?? -1
            self.until = quietHours.map { Int16($0.until) } ?? -1
        }
    }
    public struct Hours: Sendable {
        /// End of the quiet hours that are on now; nil: not quiet.
        public var quietUntil: Timestamp?
        /// When the next quiet hours begin; nil: never.
        public var nextQuiet: Timestamp?
        public var calendars: [CapRule.CalendarUnit: CapDecision.Calendar]
    }
    public struct Answer: Sendable {
        public var now: Timestamp
        /// In the order of the queries.
        public var hours: [Hours]
    }

    public var queries: [Query]
    public init(queries: [Query]) { self.queries = queries }

    static let units: [CapRule.CalendarUnit] = [.minute, .hour, .day, .week, .month]

    public var sql: String {
        let calendars = Self.units.map {
            """
            date_trunc('\($0.rawValue)', local) at time zone zone,
                (date_trunc('\($0.rawValue)', local) + interval '1 \($0.rawValue)') at time zone zone
            """
        }.joined(separator: ",\n    ")
        return """
            with moment as materialized (select clock_timestamp() as now),
            zones as materialized (select z.*, now, now at time zone zone as local from moment
                left join unnest($1::text[], $2::int2[], $3::int2[]) with ordinality z(zone, quiet_from, quiet_until, n) on true)
            select now, zone is not null, nullif(martlet_data.outside_quiet(now, zone, nullif(quiet_from, -1), quiet_until), now),
                martlet_data.next_quiet(now, zone, nullif(quiet_from, -1), quiet_until),
                \(calendars)
            from zones order by n
            """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(queries.map(\.zone))
        parameters.int2Array(queries.map(\.from))
        parameters.int2Array(queries.map(\.until))
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let now = try rows.first?.timestamp(0) ?? Timestamp(microseconds: 0)
        let hours = try rows.filter { try $0.bool(1) }.map { row in
            var calendars: [CapRule.CalendarUnit: CapDecision.Calendar] = [:]
            for (index, unit) in units.enumerated() {
                calendars[unit] = .init(start: try row.timestamp(4 + 2 * index), end: try row.timestamp(5 + 2 * index))
            }
            return Hours(quietUntil: try row.timestampOrNull(2), nextQuiet: try row.timestampOrNull(3), calendars: calendars)
        }
        return Answer(now: now, hours: hours)
    }
}
