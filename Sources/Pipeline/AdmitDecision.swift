import Domain
import Rendering
import Store

/// What becomes of each message of a batch, from the facts that Admit has read under its locks; and the writes that make it so.
///
/// The order of the questions is the order of their weight: whose is it, is it decided already, may it be sent at all, may it be sent
/// now. All of a message's caps and budgets are taken or none.
struct AdmitDecision {
    /// What Admit has read under its locks.
    struct Seen {
        var facts: AdmitFacts.Answer
        var hours: AdmitHours
        var local: LocalHours.Answer
        /// Messages whose own opt-out, consent or cancellation is under way.
        var optingOut: Set<MessageID> = []
        var usage: [LockCapUsage.Row] = []
        var budgets: [LockBudgetUsage.Row] = []
    }
    let session: Int32
    let asked: ContinuousClock.Instant
    let facts: AdmitFacts.Answer
    let hours: AdmitHours
    let local: LocalHours.Answer
    let optingOut: Set<MessageID>
    let providerQueues: ProviderQueues
    /// Those of now.
    let prices: PriceTable

    private(set) var answer = Admit.Answer()
    private var budgets: AdmitBudgets
    private var ledgers: [String: CapLedger] = [:]
    private let existing: Set<String>
    private var changed: Set<String> = []
    private var attempts: InsertAttempts
    private var links = InsertMessageLinks()
    private var surveys = OpenSurveys()
    private var ended: Finish
    private var deferred: DeferMessages
    private var dead: InsertDeadLetters
    private var erased: [MessageID] = []

    /// - Parameter prices: those that are valid at the instant that was seen.
    init(
        session: Int32, part: Int16, asked: ContinuousClock.Instant, seen: Seen, providerQueues: ProviderQueues,
        prices: PriceTable,
        retention: Duration
    ) {
        self.session = session
        self.asked = asked
        facts = seen.facts
        hours = seen.hours
        local = seen.local
        optingOut = seen.optingOut
        self.providerQueues = providerQueues
        self.prices = prices
        budgets = AdmitBudgets(seen.budgets, hours: seen.hours, local: seen.local)
        existing = Set(seen.usage.map(\.recipientKey))
        attempts = InsertAttempts(session: session, admittedAt: local.now)
        ended = Finish(part: part)
        deferred = DeferMessages(part: part)
        dead = InsertDeadLetters(part: part)
        for row in seen.usage {
            // A row of another length is no ledger; it counts as empty rather than stopping every message to this person.
            var ledger = CapLedger(row.hits) ?? CapLedger()
            ledger.prune(before: local.now - retention, reservedBefore: local.now - .seconds(60))
            ledgers[row.recipientKey] = ledger
        }
    }

    mutating func decide(_ work: Work) {
        let now = local.now
        guard facts.held.contains(work.message.id) else { return count("lease_lost") }
        if optingOut.contains(work.message.id) {
            return deferMessage(work, until: now + .seconds(1), reason: "opt_out_in_progress", code: nil, detail: nil)
        }
        if let kind = facts.decided[work.message.id] { return end(work, kind, code: "earlier_attempt") }
        if isCancelled(work) { return end(work, "cancelled") }
        if now >= work.message.expiresAt { return end(work, "expired") }
        if let code = suppression(work) { return end(work, "suppressed", code: code) }
        guard isOpen(work) else { return }
        let place = hours.hours(work, local)
        if let until = place.quietUntil { return holdOvernight(work, until: until) }
        // Before the provider's room: what is over a cap or a budget needs none.
        guard isWithinCaps(work, place) else { return }
        let cost = cost(of: work)
        guard isWithinBudgets(work, cost) else { return }
        switch providerQueues.place(for: work) {
        case .full(let pause):
            answer.withoutRoom[work.provider.name, default: 0] += 1
            deferMessage(work, until: now + pause, reason: "provider_busy", code: nil, detail: nil)
        case .reserved(let providerQueue):
            if !work.caps.isEmpty { hit(work, at: now + work.provider.sendWithin, isReservation: false) }
            if !work.budgets.isEmpty { budgets.take(work, cost) }
            admit(work, at: providerQueue, place, cost)
        }
    }

    /// The instant of sending decides about the price: one that began or ended after Render is looked up anew.
    private func cost(of work: Work) -> Estimate {
        guard work.cost.period != prices.period else { return work.cost }
        return prices.estimate(work.rendered, to: work.message.address, provider: work.provider.name)
    }

    /// Statements of the transaction's second half.
    func writes() -> [any Statement] {
        var update = UpdateCapUsage()
        var insert = InsertCapUsage()
        for key in changed.sorted() {
            guard let bytes = ledgers[key]?.bytes else { continue }
            if existing.contains(key) {
                update.recipientKeys.append(key)
                update.hits.append(bytes)
            } else {
                insert.recipientKeys.append(key)
                insert.hits.append(bytes)
            }
        }
        var writes: [any Statement] = []
        if !insert.recipientKeys.isEmpty { writes.append(insert) }
        if !update.recipientKeys.isEmpty { writes.append(update) }
        budgets.addWrites(to: &writes)
        if !attempts.messageIDs.isEmpty { writes.append(attempts) }
        if !links.isEmpty { writes.append(links) }
        if !surveys.rows.isEmpty { writes.append(surveys) }
        if ended.count > 0 { writes.append(ended) }
        if deferred.count > 0 { writes.append(deferred) }
        if dead.count > 0 { writes.append(dead) }
        if !erased.isEmpty { writes.append(EraseBodies(messageIDs: erased)) }
        return writes
    }

    private func isCancelled(_ work: Work) -> Bool {
        if facts.cancelled.contains(work.message.id) { return true }
        guard let group = work.message.groupKey, let cancellations = facts.cancelledGroups[group] else { return false }
        return cancellations.contains {
            ($0.producer == "*" || $0.producer == work.producer) && $0.at >= work.message.createdAt
        }
    }

    private func suppression(_ work: Work) -> String? {
        let place = AdmitFacts.Place(channel: work.message.channel.rawValue, address: work.message.addressKey)
        let scopes = facts.suppressed[place] ?? []
        for scope in scopes.sorted() {
            if scope == "all" || scope == work.policy.name || (scope == "all_except_otp" && work.policy.name != "otp") {
                return scope
            }
        }
        guard work.policy.requiresConsent else { return nil }
        let consent = AdmitFacts.Consent(
            recipientKey: work.message.recipientKey, channel: work.message.channel.rawValue, purpose: work.policy.name)
        switch facts.consents[consent] {
        case "granted": return nil
        case let status?: return "consent_\(status)"
        case nil: return "no_consent"
        }
    }

    /// True when no run of a campaign holds it back: paused, or outside the campaign's window. While its run is paused it is looked at again twice a
    /// minute, spread out, so that a resume makes no burst; no receipt is written for each look.
    private mutating func isOpen(_ work: Work) -> Bool {
        guard let place = work.runPlace, let run = facts.runs[place] else { return true }
        if run.isPaused {
            deferMessage(
                work, until: local.now + .seconds(20) + .seconds(20) * share(work), reason: "run_paused", code: nil, detail: nil)
            return false
        }
        guard let until = run.shutUntil else { return true }
        switch run.missed {
        case .now: return true
        case .skip: end(work, "expired", code: "window", detail: "the campaign's window in \(work.zone) is over")
        case .tomorrow where until >= work.message.expiresAt:
            end(work, "expired", code: "window", detail: "its time to live ends before the campaign's window opens again")
        case .tomorrow:
            deferMessage(work, until: until, reason: "window", code: "window", detail: "the campaign's window in \(work.zone)")
        }
        return false
    }

    /// Between 0 and 1, by the id, so that it stays the same.
    private func share(_ work: Work) -> Double {
        Double((UInt64(bitPattern: work.message.id.rawValue) &* 0x9E37_79B9_7F4A_7C15) >> 11) / Double(1 << 53)
    }

    /// Held until the quiet hours end, then released spread out, not all at once; the id decides the place, so that it stays the same.
    private mutating func holdOvernight(_ work: Work, until: Timestamp) {
        let spread = work.policy.quietHours?.spread ?? .zero
        let due = until + spread * share(work)
        guard due < work.message.expiresAt else {
            return end(work, "expired", code: "quiet_hours", detail: "its time to live ends before the quiet hours do")
        }
        deferMessage(work, until: due, reason: "quiet_hours", code: "quiet_hours", detail: "quiet hours of \(work.zone)")
    }

    /// True when every cap has a slot for it; otherwise it has been ended or deferred.
    private mutating func isWithinCaps(_ work: Work, _ place: LocalHours.Hours) -> Bool {
        guard !work.caps.isEmpty else { return true }
        let verdict = CapDecision.decide(
            message: work.message.id, rules: work.caps, ledger: ledgers[work.message.recipientKey] ?? CapLedger(), now: local.now,
            sendWithin: work.provider.sendWithin, calendars: place.calendars)
        switch verdict {
        case .free: return true
        case .over(let rule, .drop, _):
            end(work, "capped", code: rule, detail: "cap \(rule) drops what is over it")
        case .over(let rule, .defer, let freeAt?) where freeAt < work.message.expiresAt:
            hit(work, at: freeAt, isReservation: true)
            deferMessage(work, until: freeAt, reason: "cap", code: rule, detail: "cap \(rule) has no place before then")
        case .over(let rule, .defer, _):
            end(work, "capped", code: rule, detail: "cap \(rule) has no place within its time to live")
        }
        return false
    }

    /// True when every budget has room for it; otherwise it has been ended, deferred or stopped.
    private mutating func isWithinBudgets(_ work: Work, _ cost: Estimate) -> Bool {
        guard !work.budgets.isEmpty else { return true }
        switch budgets.judge(work, cost) {
        case .fits: return true
        case .over(let rule, let until) where rule.over == .defer && until < work.message.expiresAt:
            deferMessage(
                work, until: until, reason: "budget", code: rule.name,
                detail: "budget \(rule.name) (\(rule.limitText) a day) is used up until midnight in \(rule.timeZone)")
        case .over(let rule, _) where rule.over == .defer:
            end(
                work, "expired", code: rule.name,
                detail: "budget \(rule.name) (\(rule.limitText) a day) is used up for longer than its time to live")
        case .over(let rule, _): stop(work, .budgetUsedUp(rule))
        case .tooSmall(let rule): stop(work, .budgetTooSmall(rule))
        case .noPrice(let rule): stop(work, .noPrice(rule, provider: work.provider.name))
        }
        return false
    }

    private mutating func stop(_ work: Work, _ reason: DeadLetterReason) {
        dead.add(work.lease, attempt: work.lease.attempt, provider: work.provider.name, reason: reason)
        if work.policy.erasesBody { erased.append(work.message.id) }
        count(reason.code)
    }

    private mutating func hit(_ work: Work, at: Timestamp, isReservation: Bool) {
        let hit = CapLedger.Hit(
            messageID: work.message.id, at: at, attempt: work.attempt, classID: work.classID,
            channelID: work.channelID, isReservation: isReservation)
        ledgers[work.message.recipientKey, default: CapLedger()].add(hit)
        changed.insert(work.message.recipientKey)
    }

    private mutating func admit(_ work: Work, at providerQueue: ProviderQueue, _ place: LocalHours.Hours, _ cost: Estimate) {
        note(work.budgets)
        if !work.links.isEmpty, let tracking = work.policy.tracking {
            links.add(work.message.id, targets: work.links, expiresAt: local.now + tracking.expire)
        }
        if let asked = work.asked { open(asked, of: work) }
        attempts.messageIDs.append(work.message.id)
        attempts.attempts.append(work.attempt)
        attempts.providers.append(work.provider.name)
        attempts.sendBys.append(local.now + work.provider.sendWithin)
        attempts.templateVersions.append(Int32(clamping: work.rendered.templateVersion))
        attempts.segments.append(Int16(clamping: cost.segments))
        attempts.costs.append(cost.amount?.micros)
        attempts.currencies.append(cost.amount?.currency)
        let expires = work.message.expiresAt - local.now
        let validity = place.nextQuiet.map { min(expires, $0 - local.now) } ?? expires
        // From before the question was sent, on our own clock: earlier than `now` there, so never later than admit + D.
        answer.admitted.append(
            .init(work: work, providerQueue: providerQueue, sendBy: asked + work.provider.sendWithin, validity: validity))
    }

    /// From now on it may be answered.
    private mutating func open(_ asked: AskedTemplate, of work: Work) {
        surveys.rows.append(
            .init(
                messageID: work.message.id, attempt: work.attempt, channel: work.message.channel, address: work.message.address,
                sender: work.rendered.from, template: asked.template, openedAt: local.now, until: local.now + asked.survey.within)
        )
    }

    /// Which budgets the attempt that is being added counts in; until one does, the column stays away.
    private mutating func note(_ budgets: [Work.Budget]) {
        guard !budgets.isEmpty || !attempts.budgets.isEmpty else { return }
        while attempts.budgets.count < attempts.messageIDs.count { attempts.budgets.append(nil) }
        attempts.budgets.append(budgets.isEmpty ? nil : budgets.map(\.key).joined(separator: "\n"))
    }

    /// Ends it without another try. What may have arrived by an earlier one is in doubt whatever forbids the next: a state that says it was
    /// not sent would have to be taken back when its receipt comes.
    private mutating func end(_ work: Work, _ kind: String, code: String? = nil, detail: String? = nil) {
        if facts.doubtful.contains(work.message.id), Self.saysUnsent.contains(kind) {
            let why = "it is \(kind)" + (code.map { " (\($0))" } ?? "")
            return stop(work, .inDoubt(unsent: why))
        }
        if kind == "expired", work.policy.keepsExpired { return stop(work, .expired(nil)) }
        ended.add(work.lease, kind: kind, code: code, detail: detail)
        if work.policy.erasesBody { erased.append(work.message.id) }
        count(kind)
    }

    private static let saysUnsent: Set<String> = ["suppressed", "capped", "expired", "cancelled"]

    private mutating func deferMessage(_ work: Work, until: Timestamp, reason: String, code: String?, detail: String?) {
        deferred.add(
            work.lease, until: until, reason: reason, attempt: work.lease.attempt, countedAttempts: work.lease.countedAttempts,
            resends: work.lease.resends, receipt: code == nil ? nil : "postponed", code: code, detail: detail)
        count(reason)
    }

    private mutating func count(_ word: String) {
        answer.others[word, default: 0] += 1
    }
}
