import Domain
import Logging
import Postgres
import StageSupport
import Testing

@testable import Pipeline
@testable import Rendering
@testable import Store
@testable import Transports

/// One message before Admit, with everything that could stand against it; each case changes one thing.
private struct Situation {
    var now = Timestamp(microseconds: 1_800_000_000_000_000)
    var isHeld = true
    var open: Set<OptOutKey> = []
    var (hasUnknownOutcome, isCancelled) = (false, false)
    var earlier: String?
    var groupCancelledAt: Duration?
    var groupCancelledBy = "shop"
    var timeToLive = Duration.seconds(3600)
    var suppressedScope: String?
    var consent: String?
    var (requiresConsent, keepsExpired) = (false, false)
    var quietFor: Duration?
    var spread = Duration.zero
    var hits: [CapLedger.Hit] = []
    var caps: [CapDecision.Rule] = []
    var (taken, window) = (0, 1)
    var messageClass = "marketing"
    var prices: [Price] = []
    var renderedPrices: [Price]?
    var budgets: [BudgetRule] = []
    /// What is used of each budget in its day.
    var used: [Int64] = []
    var budgetRows: [LockBudgetUsage.Row] {
        zip(budgets, used).map { rule, used in
            .init(
                key: rule.name,
                usage: BudgetUsage(unit: rule.unit.code, used: used, start: now - .seconds(60), end: now + .seconds(600)))
        }
    }

    static let purse = BudgetRule(name: "purse", timeZone: "Asia/Tokyo", unit: .segments, limit: 10, over: .defer)
    static var stopping: BudgetRule {
        var rule = purse
        rule.name = "stopping"
        rule.over = .stop
        return rule
    }
    static let day = CapDecision.Rule(
        name: "day", classIDs: [3], channelIDs: [], window: .rolling(.seconds(86_400)), limit: 1, over: .defer)

    func hit(before age: Duration) -> CapLedger.Hit {
        CapLedger.Hit(messageID: MessageID(99), at: now - age, attempt: 1, classID: 3, channelID: 1)
    }

    func decide() throws -> AdmitDecision {
        let work = work
        let provider = work.provider
        let providerQueue = ProviderQueue(
            policy: provider, transport: try TransportFactory.make(provider, logger: Logger(label: "test")),
            takeRate: ProviderQueue.noRate, results: { _ in })
        for _ in 0..<taken { #expect(providerQueue.reserve(work)) }
        var facts = AdmitFacts.Answer()
        if isHeld { facts.held = [work.message.id] }
        facts.decided[work.message.id] = earlier
        if hasUnknownOutcome { facts.doubtful = [work.message.id] }
        if isCancelled { facts.cancelled = [work.message.id] }
        if let groupCancelledAt { facts.cancelledGroups["g"] = [(groupCancelledBy, now + groupCancelledAt)] }
        if let suppressedScope { facts.suppressed[.init(channel: "sms", address: "+8613800138000")] = [suppressedScope] }
        if let consent { facts.consents[.init(recipientKey: "ann", channel: "sms", purpose: messageClass)] = consent }
        let local = LocalHours.Answer(
            now: now,
            hours: [
                .init(quietUntil: quietFor.map { now + $0 }, nextQuiet: now + .seconds(600), calendars: [:]),
                .init(calendars: [.day: .init(start: now - .seconds(60), end: now + .seconds(600))]),
            ])
        let usage = hits.isEmpty ? [] : [LockCapUsage.Row(recipientKey: "ann", hits: CapLedger(hits: hits).bytes)]
        var decision = AdmitDecision(
            session: 1, part: 1, asked: .now,
            seen: .init(
                facts: facts, hours: AdmitHours([work]), local: local, optingOut: AdmitOptOuts([work], open: open).waiting,
                usage: usage, budgets: budgetRows),
            providerQueues: ProviderQueues([providerQueue]), prices: PriceTable(prices, at: now), retention: .seconds(31 * 86_400)
        )
        decision.decide(work)
        return decision
    }

    private var work: Work {
        var policy = ClassPolicy(
            name: messageClass, lane: 3, timeToLive: .seconds(86_400),
            retry: RetrySchedule(attempts: 3, base: .seconds(1), limit: .seconds(9)),
            quietHours: QuietHours(from: 1320, until: 480, spread: spread), requiresConsent: requiresConsent)
        policy.keepsExpired = keepsExpired
        let provider = ProviderPolicy(
            name: "p", transport: "sandbox", channels: [.sms], rate: nil, window: window, sendWithin: .seconds(5),
            timeout: .seconds(5), options: ["outbox": "none"])
        let rendered = RenderedMessage(content: .http("x"), from: "Shop", templateVersion: 1)
        let cost = PriceTable(renderedPrices ?? prices, at: now).estimate(rendered, to: "+8613800138000", provider: "p")
        return .sample(
            policy: policy, provider: provider, now: now, timeToLive: timeToLive, caps: caps, cost: cost,
            budgets: budgets.map { .init(rule: $0, key: $0.name) })
    }
}

@Suite("What Admit decides, from facts alone")
struct AdmitDecisionTests {
    /// What is decided, and what the transaction then writes.
    private static let table: [(String, word: String?, writes: String, change: @Sendable (inout Situation) -> Void)] = [
        ("nothing stands against it", nil, "InsertAttempts", { _ in }),
        ("its lease was lost", "lease_lost", "", { $0.isHeld = false }),
        (
            "its address is being opted out", "opt_out_in_progress", "DeferMessages",
            { $0.open = [.address(1, channelID: 1, scope: 0)] }
        ),
        ("… for all but otp", "opt_out_in_progress", "DeferMessages", { $0.open = [.address(1, channelID: 1, scope: 1)] }),
        ("… for its class", "opt_out_in_progress", "DeferMessages", { $0.open = [.address(1, channelID: 1, scope: 5)] }),
        ("… for another class", nil, "InsertAttempts", { $0.open = [.address(1, channelID: 1, scope: 4)] }),
        ("… on another channel", nil, "InsertAttempts", { $0.open = [.address(1, channelID: 2, scope: 0)] }),
        (
            "another address of its bucket is being opted out", nil, "InsertAttempts",
            { $0.open = [.address(257, channelID: 1, scope: 0)] }
        ),
        ("it is being cancelled", "opt_out_in_progress", "DeferMessages", { $0.open = [.message(2)] }),
        ("its group is being cancelled", "opt_out_in_progress", "DeferMessages", { $0.open = [.group(4)] }),
        ("another group is being cancelled", nil, "InsertAttempts", { $0.open = [.group(5)] }),
        (
            "consent is being recorded that its class does not need", nil, "InsertAttempts",
            { $0.open = [.consent(3, channelID: 1, classID: 3)] }
        ),
        (
            "consent is being recorded that its class needs", "opt_out_in_progress", "DeferMessages",
            {
                $0.requiresConsent = true
                $0.consent = "granted"
                $0.open = [.consent(3, channelID: 1, classID: 3)]
            }
        ),
        (
            "its address is being opted out for all but otp, and it is one", nil, "InsertAttempts",
            {
                $0.messageClass = "otp"
                $0.open = [.address(1, channelID: 1, scope: 1)]
            }
        ),
        (
            "a transaction with very many opt-outs may concern it", "opt_out_in_progress", "DeferMessages",
            { $0.open = [.wide(1)] }
        ),
        (
            "an earlier try may have arrived, and its time to live ends now", "in_doubt", "InsertDeadLetters",
            {
                $0.hasUnknownOutcome = true
                $0.timeToLive = .zero
            }
        ),
        (
            "an earlier try may have arrived, and its address is suppressed", "in_doubt", "InsertDeadLetters",
            {
                $0.hasUnknownOutcome = true
                $0.suppressedScope = "all"
            }
        ),
        (
            "an earlier try may have arrived, and its group was cancelled", "in_doubt", "InsertDeadLetters",
            {
                $0.hasUnknownOutcome = true
                $0.groupCancelledAt = .seconds(-30)
            }
        ),
        (
            "an earlier try of its own has the cap's only slot", nil, "UpdateCapUsage InsertAttempts",
            {
                $0.hasUnknownOutcome = true
                $0.caps = [Situation.day]
                $0.hits = [
                    CapLedger.Hit(messageID: MessageID(7), at: $0.now - .seconds(30), attempt: 1, classID: 3, channelID: 1)
                ]
            }
        ),
        ("an earlier attempt was accepted after all", "accepted", "Finish", { $0.earlier = "accepted" }),
        ("it was cancelled", "cancelled", "Finish", { $0.isCancelled = true }),
        ("its group was cancelled after it was enqueued", "cancelled", "Finish", { $0.groupCancelledAt = .seconds(-30) }),
        ("its group was cancelled before it was enqueued", nil, "InsertAttempts", { $0.groupCancelledAt = .seconds(-90) }),
        (
            "another producer cancelled a group of that name", nil, "InsertAttempts",
            {
                $0.groupCancelledAt = .seconds(-30)
                $0.groupCancelledBy = "other"
            }
        ),
        (
            "an admin cancelled the group", "cancelled", "Finish",
            {
                $0.groupCancelledAt = .seconds(-30)
                $0.groupCancelledBy = "*"
            }
        ),
        ("its time to live ends now", "expired", "Finish", { $0.timeToLive = .zero }),
        (
            "its time to live ends now, and its class keeps what has expired", "expired", "InsertDeadLetters",
            {
                $0.timeToLive = .zero
                $0.keepsExpired = true
            }
        ),
        ("its address is suppressed for all", "suppressed", "Finish", { $0.suppressedScope = "all" }),
        ("its address is suppressed for its class", "suppressed", "Finish", { $0.suppressedScope = "marketing" }),
        ("its address is suppressed for another class", nil, "InsertAttempts", { $0.suppressedScope = "notification" }),
        ("its address is suppressed for all but otp", "suppressed", "Finish", { $0.suppressedScope = "all_except_otp" }),
        (
            "its address is suppressed for all but otp, and it is one", nil, "InsertAttempts",
            {
                $0.suppressedScope = "all_except_otp"
                $0.messageClass = "otp"
            }
        ),
        ("its class needs consent and there is none", "suppressed", "Finish", { $0.requiresConsent = true }),
        (
            "consent was withdrawn", "suppressed", "Finish",
            {
                $0.requiresConsent = true
                $0.consent = "withdrawn"
            }
        ),
        (
            "consent was given", nil, "InsertAttempts",
            {
                $0.requiresConsent = true
                $0.consent = "granted"
            }
        ),
        ("it is night, and it lives until morning", "quiet_hours", "DeferMessages", { $0.quietFor = .seconds(600) }),
        ("it is night, and it does not live until morning", "expired", "Finish", { $0.quietFor = .seconds(3600) }),
        (
            "it is night, and its place in the release is too late", "expired", "Finish",
            {
                $0.quietFor = .seconds(3599)
                $0.spread = .seconds(86_400)
            }
        ),
        ("the cap has a slot", nil, "InsertCapUsage InsertAttempts", { $0.caps = [Situation.day] }),
        (
            "the cap's only slot was used long ago", nil, "UpdateCapUsage InsertAttempts",
            {
                $0.caps = [Situation.day]
                $0.hits = [$0.hit(before: .seconds(86_401))]
            }
        ),
        (
            "the cap is used up, and frees while it lives", "cap", "UpdateCapUsage DeferMessages",
            {
                $0.caps = [Situation.day]
                $0.hits = [$0.hit(before: .seconds(86_000))]
            }
        ),
        (
            "the cap is used up for longer than it lives", "capped", "Finish",
            {
                $0.caps = [Situation.day]
                $0.hits = [$0.hit(before: .seconds(1000))]
            }
        ),
        (
            "the cap is used up and drops", "capped", "Finish",
            {
                var drop = Situation.day
                drop.over = .drop
                $0.caps = [drop]
                $0.hits = [$0.hit(before: .seconds(86_000))]
            }
        ),
        (
            "one of two caps is used up: neither is taken", "capped", "Finish",
            {
                var week = Situation.day
                week.name = "week"
                week.window = .rolling(.seconds(7 * 86_400))
                $0.caps = [Situation.day, week]
                $0.hits = [$0.hit(before: .seconds(100_000))]
            }
        ),
        (
            "its budget is untouched", nil, "UpdateBudgetUsage InsertAttempts",
            {
                $0.budgets = [Situation.purse]
                $0.used = [0]
            }
        ),
        (
            "the last of its budget is left", nil, "UpdateBudgetUsage InsertAttempts",
            {
                $0.budgets = [Situation.purse]
                $0.used = [9]
            }
        ),
        (
            "its budget is used up, and it lives until tomorrow", "budget", "DeferMessages",
            {
                $0.budgets = [Situation.purse]
                $0.used = [10]
            }
        ),
        (
            "its budget is used up for longer than it lives", "expired", "Finish",
            {
                $0.budgets = [Situation.purse]
                $0.used = [10]
                $0.timeToLive = .seconds(600)
            }
        ),
        (
            "one of two budgets is used up, and stops: the other is not taken", "budget_used_up", "InsertDeadLetters",
            {
                $0.budgets = [Situation.purse, Situation.stopping]
                $0.used = [10, 10]
            }
        ),
        (
            "a day's budget is less than it takes alone", "budget_too_small", "InsertDeadLetters",
            {
                $0.budgets = [Situation.purse]
                $0.budgets[0].limit = 0
            }
        ),
        (
            "its budget counts money, and it has no price", "no_price", "InsertDeadLetters",
            {
                $0.budgets = [Situation.purse]
                $0.budgets[0].unit = .money(currency: "EUR")
            }
        ),
        (
            "its budget counts another currency", nil, "InsertAttempts",
            {
                $0.budgets = [Situation.purse]
                $0.budgets[0].unit = .money(currency: "EUR")
                $0.prices = [Price(provider: "p", prefix: "", micros: 11, currency: "USD")]
            }
        ),
        (
            "its price has risen since it was rendered: the new one counts", "budget_too_small", "InsertDeadLetters",
            {
                $0.budgets = [Situation.purse]
                $0.budgets[0].unit = .money(currency: "EUR")
                $0.renderedPrices = [Price(provider: "p", prefix: "", micros: 10, currency: "EUR", until: $0.now + .seconds(1))]
                $0.prices = [Price(provider: "p", prefix: "", micros: 11, currency: "EUR", from: $0.now)]
            }
        ),
        (
            "the provider has no room: neither budget nor slot is taken", "provider_busy", "DeferMessages",
            {
                ($0.budgets, $0.caps) = ([Situation.purse], [Situation.day])
                $0.taken = 1
            }
        ),
    ]

    @Test("each fact alone", arguments: table.indices)
    func alone(index: Int) throws {
        let (name, word, writes, change) = Self.table[index]
        var situation = Situation()
        change(&situation)
        let decision = try situation.decide()
        #expect(decision.answer.admitted.count == (word == nil ? 1 : 0), "\(name): \(decision.answer.others)")
        #expect(decision.answer.others == (word.map { [$0: 1] } ?? [:]), "\(name)")
        #expect(decision.writes().map { type(of: $0).name }.joined(separator: " ") == writes, "\(name)")
    }

    @Test("the weightier question is asked first: who it belongs to, what is known, whether at all, when")
    func order() throws {
        var situation = Situation()
        situation.quietFor = .seconds(600)
        situation.taken = 1
        #expect(try situation.decide().answer.others.keys.sorted() == ["quiet_hours"])
        let steps: [(String, (inout Situation) -> Void)] = [
            ("suppressed", { $0.suppressedScope = "all" }), ("expired", { $0.timeToLive = .zero }),
            ("cancelled", { $0.isCancelled = true }),
            ("delivered", { $0.earlier = "delivered" }), ("opt_out_in_progress", { $0.open = [.message(2)] }),
            ("lease_lost", { $0.isHeld = false }),
        ]
        for (word, change) in steps {
            change(&situation)
            #expect(try situation.decide().answer.others.keys.sorted() == [word])
        }
    }

    @Test("what leaves is bounded by its own deadline, its time to live and the next quiet hours")
    func bounds() throws {
        let admitted = try #require(try Situation().decide().answer.admitted.first)
        #expect(admitted.validity == .seconds(600))
        #expect(admitted.sendBy <= .now + .seconds(5))
        var short = Situation()
        short.timeToLive = .seconds(30)
        #expect(try short.decide().answer.admitted.first?.validity == .seconds(30))
    }
}
