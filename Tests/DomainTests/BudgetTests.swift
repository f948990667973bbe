import Domain
import Testing

@Suite("Budgets of a day")
struct BudgetTests {
    private let now = Timestamp(microseconds: 1_800_000_000_000_000)
    private var day: CapDecision.Calendar { .init(start: now - .seconds(3600), end: now + .seconds(82_800)) }

    @Test("a row counts in its own day; a new day, a new unit and no row begin at nothing")
    func current() {
        let row = BudgetUsage(unit: "EUR", used: 7, start: day.start, end: day.end)
        #expect(BudgetUsage.current(row, unit: .money(currency: "EUR"), day: day, now: now) == row)
        #expect(BudgetUsage.current(row, unit: .segments, day: day, now: now).used == 0)
        #expect(
            BudgetUsage.current(nil, unit: .segments, day: day, now: now)
                == .init(unit: "segments", used: 0, start: day.start, end: day.end))
        var yesterday = row
        yesterday.end = now
        #expect(BudgetUsage.current(yesterday, unit: .money(currency: "EUR"), day: day, now: now).used == 0)
    }

    @Test("another zone in the middle of a day gives nothing anew")
    func zoneChanged() {
        let row = BudgetUsage(unit: "segments", used: 7, start: day.start - .seconds(7200), end: now + .seconds(60))
        let current = BudgetUsage.current(row, unit: .segments, day: day, now: now)
        #expect(current == .init(unit: "segments", used: 7, start: row.start, end: day.end))
    }

    @Test("the last unit may be used, one more may not, and no amount overflows")
    func room() {
        let usage = BudgetUsage(unit: "segments", used: 9, start: day.start, end: day.end)
        #expect(usage.hasRoom(for: 1, limit: 10))
        #expect(!usage.hasRoom(for: 2, limit: 10))
        #expect(!usage.hasRoom(for: .max, limit: .max))
    }

    @Test("it matches what it names, and all where it names nothing; a group has a row of its own")
    func matches() {
        var rule = BudgetRule(name: "day", timeZone: "Etc/UTC", unit: .segments, limit: 1, over: .stop)
        #expect(rule.matches(messageClass: "otp", channel: .sms, provider: "p"))
        #expect(rule.key(group: "spring") == "day")
        rule.classes = ["marketing"]
        #expect(!rule.matches(messageClass: "otp", channel: .sms, provider: "p"))
        rule.classes = ["otp"]
        rule.channels = [.email]
        #expect(!rule.matches(messageClass: "otp", channel: .sms, provider: "p"))
        rule.channels = [.sms]
        rule.providers = ["q"]
        #expect(!rule.matches(messageClass: "otp", channel: .sms, provider: "p"))
        rule.isPerGroup = true
        #expect(rule.key(group: "spring") == "day/spring" && rule.key(group: nil) == nil)
    }

    @Test("a limit is told as the policy writes it")
    func limitText() {
        var rule = BudgetRule(name: "day", timeZone: "Etc/UTC", unit: .segments, limit: 20_000, over: .stop)
        #expect(rule.limitText == "20000 segments")
        rule.unit = .money(currency: "EUR")
        rule.limit = 250_500_000
        #expect(rule.limitText == "250.50 EUR")
        rule.limit = 1_000_001
        #expect(rule.limitText == "1.000001 EUR")
    }
}
