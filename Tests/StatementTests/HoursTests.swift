import Postgres
import TestSupport
import Testing

@Suite("Quiet hours in local time, through gaps and overlaps", .migratedDatabase)
struct HoursTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var zone: String
        /// The days around a change of the clocks, UTC.
        var from: String
        var testDescription: String { "\(zone) \(from)" }
    }
    static let cases = [
        Case(zone: "Europe/Berlin", from: "2025-03-28"), Case(zone: "Europe/Berlin", from: "2025-10-24"),
        Case(zone: "America/New_York", from: "2025-03-07"), Case(zone: "America/New_York", from: "2025-10-31"),
        Case(zone: "Asia/Shanghai", from: "2025-03-28"), Case(zone: "Australia/Lord_Howe", from: "2025-04-04"),
        Case(zone: "Australia/Lord_Howe", from: "2025-10-03"),
    ]

    /// Tables `x` (instants every 53 minutes and 17 seconds of three days, windows that wrap midnight, that do not, and that end or begin
    /// in a gap, with both functions' answers) and `quiet` (the truth, minute by minute).
    private func tables(_ zone: Case) async throws -> PQConnection {
        let connection = try await ScratchDatabase.required().connect { $0.queryDeadline = .seconds(120) }
        try await connection.execute(
            script: """
                create temp table q (f int, u int);
                insert into q values (1320, 480), (1380, 420), (720, 840), (0, 480), (1320, 150), (135, 165), (90, 135);
                create temp table x as select t, f, u, martlet_data.outside_quiet(t, '\(zone.zone)', f, u) as o, martlet_data.next_quiet(t, '\(zone.zone)', f, u) as n
                    from q, generate_series('\(zone.from)Z'::timestamptz, '\(zone.from)Z'::timestamptz + interval '3 days', interval '53 min 17 s') t;
                create temp table quiet as select f, u, m as t, case when f < u then minute >= f and minute < u else minute >= f or minute < u end as q
                    from q, (select m, extract(hour from m at time zone '\(zone.zone)') * 60 + extract(minute from m at time zone '\(zone.zone)') as minute
                        from generate_series('\(zone.from)Z'::timestamptz, '\(zone.from)Z'::timestamptz + interval '5 days', interval '1 min') m) l;
                create index on quiet (f, u, t);
                analyze x; analyze quiet;
                """)
        return connection
    }

    @Test("who is not in quiet hours waits for nothing; who is waits for an instant that is outside them", arguments: cases)
    func outside(zone: Case) async throws {
        let wrong = try await tables(zone).value(
            """
            select string_agg(concat_ws(' ', t, f, u, o), ', ') from (select x.* from x
                join quiet now on now.t = date_trunc('minute', x.t) and now.f = x.f and now.u = x.u
                where (o = x.t) = now.q or o < x.t or martlet_data.outside_quiet(o, '\(zone.zone)', x.f, x.u) <> o limit 5) w
            """)
        #expect(wrong == nil)
    }

    @Test(
        "the instant is the first one outside, or an hour later where the clock's change falls into the window's end",
        arguments: cases)
    func first(zone: Case) async throws {
        let wrong = try await tables(zone).value(
            """
            select string_agg(concat_ws(' ', t, f, u, o, e), ', ') from (
                select x.*, (select e.t from quiet e where e.f = x.f and e.u = x.u and not e.q and e.t >= x.t order by e.t limit 1) as e
                from x where o <> x.t) found
            where o < e or o > e + case when u in (150, 135, 165) then interval '1 hour' else interval '0' end
            """)
        #expect(wrong == nil)
    }

    @Test("until the next quiet hours begin nothing is quiet", arguments: cases)
    func nextQuiet(zone: Case) async throws {
        let wrong = try await tables(zone).value(
            """
            select string_agg(concat_ws(' ', t, f, u, n), ', ') from x
            where o = x.t and (n <= x.t or n > x.t + interval '25 hours'
                or (u in (480, 420, 840) and exists (select from quiet e where e.f = x.f and e.u = x.u and e.q and e.t >= x.t and e.t < n)))
            """)
        #expect(wrong == nil)
    }

    @Test("a class without quiet hours is never quiet")
    func none() async throws {
        let connection = try await ScratchDatabase.required().connect()
        #expect(
            try await connection.value("select martlet_data.outside_quiet('2025-01-01Z', 'Etc/UTC', null, null) = '2025-01-01Z'")
                == "true")
        #expect(
            try await connection.value("select martlet_data.outside_quiet('2025-01-01Z', 'Etc/UTC', 60, 60) = '2025-01-01Z'")
                == "true")
        #expect(try await connection.value("select martlet_data.next_quiet('2025-01-01Z', 'Etc/UTC', null, null)") == nil)
    }
}
