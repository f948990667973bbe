import Domain
import Store
import Testing

@testable import Campaigns

/// `2027-03-28 01:30` as UTC, for tests.
private func utc(_ text: String) -> Timestamp {
    let numbers = text.split(whereSeparator: { "- :".contains($0) }).compactMap { Int64($0) }
    let (y, m) = numbers[1] > 2 ? (numbers[0], numbers[1] - 3) : (numbers[0] - 1, numbers[1] + 9)
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + numbers[2] - 1 - 719_468
    return Timestamp(microseconds: ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60_000_000)
}

private let london = ZoneClock([
    .init(at: utc("2027-01-01 00:00"), offset: 0), .init(at: utc("2027-03-28 01:00"), offset: 3600),
    .init(at: utc("2027-10-31 01:00"), offset: 0),
])
private let kolkata = ZoneClock([.init(at: utc("2027-01-01 00:00"), offset: 19_800)])
/// Half an hour of daylight saving: 02:00 → 02:30 at 15:30 UTC.
private let lordHowe = ZoneClock([
    .init(at: utc("2027-01-01 00:00"), offset: 39_600), .init(at: utc("2027-04-03 15:00"), offset: 37_800),
    .init(at: utc("2027-10-02 15:30"), offset: 39_600),
])

@Suite("Windows open once a day in the recipient's own time")
struct WindowTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var clock: ZoneClock
        var window: (Int, Int)
        var from: String
        var opens: String
        var testDescription: String { what }
    }

    @Test(
        "the first instant at which it is open",
        arguments: [
            Case(what: "inside", clock: london, window: (600, 720), from: "2027-01-05 10:30", opens: "2027-01-05 10:30"),
            Case(what: "before", clock: london, window: (600, 720), from: "2027-01-05 08:00", opens: "2027-01-05 10:00"),
            Case(what: "after: tomorrow", clock: london, window: (600, 720), from: "2027-01-05 12:00", opens: "2027-01-06 10:00"),
            Case(what: "summer time", clock: london, window: (600, 720), from: "2027-06-05 08:00", opens: "2027-06-05 09:00"),
            Case(what: "half-hour zone", clock: kolkata, window: (600, 720), from: "2027-01-05 00:00", opens: "2027-01-05 04:30"),
            Case(
                what: "over midnight, in the evening", clock: london, window: (1320, 60), from: "2027-01-05 20:00",
                opens: "2027-01-05 22:00"),
            Case(
                what: "over midnight, at night", clock: london, window: (1320, 60), from: "2027-01-05 00:30",
                opens: "2027-01-05 00:30"),
            Case(
                what: "its beginning is jumped over: at the jump", clock: london, window: (90, 240), from: "2027-03-28 00:00",
                opens: "2027-03-28 01:00"),
            Case(
                what: "all of it is jumped over: the next day", clock: london, window: (70, 110), from: "2027-03-28 00:00",
                opens: "2027-03-29 00:10"),
            Case(
                what: "an hour that comes twice: the first time", clock: london, window: (75, 120), from: "2027-10-30 23:00",
                opens: "2027-10-31 00:15"),
            Case(
                what: "still open the second time", clock: london, window: (75, 120), from: "2027-10-31 01:20",
                opens: "2027-10-31 01:20"),
            Case(
                what: "half an hour that is jumped over", clock: lordHowe, window: (125, 240), from: "2027-10-02 14:00",
                opens: "2027-10-02 15:30"),
        ])
    func opening(_ one: Case) {
        #expect(
            Campaign.Window(from: one.window.0, until: one.window.1).opening(from: utc(one.from), one.clock) == utc(one.opens))
    }

    @Test(
        "from every minute of a year the opening is not earlier, inside, and no earlier one was passed over",
        arguments: [(600, 720), (1320, 60), (90, 150), (70, 110)])
    func everyMinute(window: (Int, Int)) {
        for clock in [london, kolkata, lordHowe] {
            let hours = Campaign.Window(from: window.0, until: window.1)
            var open: Timestamp?
            // Backwards, so that the next open instant is known: at every quarter of an hour.
            for step in stride(from: 365 * 96, through: 0, by: -1) {
                let at = utc("2027-01-01 00:00") + .seconds(step * 900)
                if hours.contains(clock.local(at).minute) { open = at }
                guard let open, step < 360 * 96 else { continue }
                let opening = hours.opening(from: at, clock)
                #expect(opening >= at && hours.contains(clock.local(opening).minute))
                #expect(opening <= open)
            }
        }
    }

    @Test(
        "a window that lies wholly in quiet hours never opens",
        arguments: [
            (1380, 420, 1320, 480, true), (600, 720, 1320, 480, false), (1260, 1380, 1320, 480, false), (0, 60, 1320, 480, true),
            (480, 540, 1320, 480, false),
        ])
    func shut(from: Int, until: Int, quietFrom: Int, quietUntil: Int, isShut: Bool) {
        #expect(Campaign.Window(from: from, until: until).isShut(by: QuietHours(from: quietFrom, until: quietUntil)) == isShut)
    }
}

@Suite("A plan holds each member once, keeps windows and pace, and says what it gives up")
struct RunPlanTests {
    static let clocks = ["Europe/London": london, "Asia/Kolkata": kolkata]

    private func zones(_ first: Int64, _ second: Int64) -> [RunPlan.Zone] {
        [
            .init(zone: 1, timeZone: "Europe/London", firstPlace: 1, members: first),
            .init(zone: 2, timeZone: "Asia/Kolkata", firstPlace: first + 1, members: second),
        ]
    }

    private func rules(_ window: (Int, Int)?, _ missed: Campaign.Missed = .tomorrow, pace: Double? = nil) -> RunPlan.Rules {
        .init(window: window.map { Campaign.Window(from: $0.0, until: $0.1) }, missed: missed, pace: pace, clocks: Self.clocks)
    }

    private func holdsEverybodyOnce(_ plan: RunPlan, _ members: Int64) -> Bool {
        let chunks = plan.chunks.sorted { $0.firstPlace < $1.firstPlace }
        return zip(chunks, chunks.dropFirst()).allSatisfy { $0.lastPlace + 1 == $1.firstPlace } && chunks.first?.firstPlace == 1
            && chunks.last?.lastPlace == members
    }

    @Test("whatever sizes, windows, paces and rules there are", arguments: [nil, 0.5, 7, 333.3, 20_000] as [Double?])
    func everybodyOnce(pace: Double?) {
        for window in [nil, (600, 720), (1320, 60)] as [(Int, Int)?] {
            for missed in Campaign.Missed.allCases {
                for (first, second) in [(1, 1), (4999, 5001), (123, 20_011)] as [(Int64, Int64)] {
                    let plan = RunPlan(
                        zones(first, second), from: utc("2027-01-05 08:00"), rules: rules(window, missed, pace: pace))
                    #expect(holdsEverybodyOnce(plan, first + second))
                    #expect(plan.chunks.allSatisfy { $0.isSkipped || $0.members <= RunPlan.largestChunk })
                }
            }
        }
    }

    @Test("each zone is released when its own window opens")
    func ownTime() {
        let plan = RunPlan(zones(10, 10), from: utc("2027-01-05 00:00"), rules: rules((600, 720)))
        #expect(plan.chunks.map(\.zone) == [2, 1])
        #expect(plan.chunks.map(\.dueAt) == [utc("2027-01-05 04:30"), utc("2027-01-05 10:00")])
    }

    @Test(
        "who has missed today's window waits for tomorrow's, goes now, or is skipped",
        arguments: [
            (Campaign.Missed.tomorrow, "2027-01-06 10:00", 0), (.now, "2027-01-05 13:00", 0), (.skip, "2027-01-05 13:00", 10),
        ] as [(Campaign.Missed, String, Int64)])
    func missed(rule: Campaign.Missed, due: String, skipped: Int64) {
        for pace in [nil, 100] as [Double?] {
            let plan = RunPlan(
                Array(zones(10, 0).prefix(1)), from: utc("2027-01-05 13:00"), rules: rules((600, 720), rule, pace: pace))
            #expect(plan.skipped == skipped)
            #expect(plan.chunks.map(\.dueAt) == [utc(due)])
            #expect(plan.ends == (skipped > 0 ? nil : utc(due)))
        }
    }

    @Test("a paced plan follows its line within one hundredth, and a window that is too small continues on the next day")
    func pace() {
        let start = utc("2027-01-05 10:00")
        let plan = RunPlan(Array(zones(72_000, 0).prefix(1)), from: start, rules: rules((600, 660), pace: 10))
        // An hour at 10/s is 36,000.
        let today = plan.chunks.filter { $0.dueAt < utc("2027-01-05 11:00") }
        #expect(today.reduce(0) { $0 + $1.members } == 36_000)
        #expect(plan.held(after: start) == 36_000)
        var released: Int64 = 0
        for chunk in today {
            #expect(abs(Double(released) - (chunk.dueAt - start).inSeconds * 10) <= 360)
            released += chunk.members
        }
        #expect(plan.chunks.allSatisfy { Campaign.Window(from: 600, until: 660).contains(london.local($0.dueAt).minute) })
    }

    @Test(
        "after a pause: shift keeps the distances, send goes now, skip gives up; all of them keep pace and window",
        arguments: RunPlan.Resumption.allCases)
    func resume(mode: RunPlan.Resumption) {
        let start = utc("2027-01-05 10:00")
        let before = RunPlan(Array(zones(600, 0).prefix(1)), from: start, rules: rules((600, 720), pace: 1))
        let (pausedAt, now) = (start + .seconds(100), start + .seconds(400))
        let waiting = before.chunks.filter { $0.dueAt >= pausedAt }
        let plan = RunPlan(
            resuming: waiting, zones: [1: "Europe/London"], pausedAt: pausedAt, now: now, mode: mode,
            rules: rules((600, 720), pace: 1))
        #expect(plan.chunks.reduce(0) { $0 + $1.members } == 500)
        let released = plan.chunks.filter { !$0.isSkipped }
        #expect(zip(released, released.dropFirst()).allSatisfy { $1.dueAt - $0.dueAt >= .seconds($0.members) })
        switch mode {
        case .shift: #expect(released.first?.dueAt == now && released.last?.dueAt == start + .seconds(899))
        case .send: #expect(released.first?.dueAt == now && released.count == 500)
        case .skip: #expect(plan.skipped == 300 && released.first?.dueAt == now)
        }
        // Days later the window is another day's.
        let late = RunPlan(
            resuming: waiting, zones: [1: "Europe/London"], pausedAt: pausedAt, now: start + .seconds(3 * 86_400 + 9000),
            mode: mode,
            rules: rules((600, 720), pace: 1))
        #expect(late.chunks.allSatisfy { $0.isSkipped || $0.dueAt >= utc("2027-01-09 10:00") })
    }
}

@Suite("The arithmetic of a report")
struct CampaignReportTests {
    @Test(
        "shares have the intervals of Wilson's formula",
        arguments: [(0, 0, 0, 1), (0, 10, 0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1), (100, 1000, 0.0829, 0.1202)]
            as [(Int64, Int64, Double, Double)])
    func interval(hits: Int64, total: Int64, low: Double, high: Double) {
        let rate = CampaignReport.Rate(hits, of: total)
        #expect(abs(rate.low - low) < 0.0001 && abs(rate.high - high) < 0.0001, "\(rate)")
    }

    @Test("members add up or it says so")
    func sums() {
        let counts = [
            RunReport.Count(variant: "a", state: "sent", reason: nil, members: 7, goals: 2),
            RunReport.Count(variant: "a", state: "skipped", reason: "goal", members: 1, goals: 1),
            RunReport.Count(variant: "holdout", state: "held_out", reason: nil, members: 2, goals: 0),
        ]
        #expect(CampaignReport(counts, members: 10).addsUp)
        #expect(!CampaignReport(counts, members: 11).addsUp)
        let report = CampaignReport(counts, members: 10)
        #expect(report.sent == 7 && report.goals == 3)
        #expect(report.variants.map(\.name) == ["a", "holdout"])
        #expect(report.variants.map(\.goals) == [3, 0])
    }
}
