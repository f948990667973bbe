import Domain
import Rendering
import Store
import Synchronization
import Transports

/// Send's side of one provider: hands admitted messages to the transport as places and rate allow, the urgent ones first.
///
/// Admit reserves before it commits, so that a killed worker leaves few messages in doubt: what is reserved and waiting is at most one
/// window, and one second of rate or a quarter of a second of what the provider answered lately, beyond what is on its way. A tenth of
/// the window is kept for lane 0, which also has the first right to whatever the rate allows. Of the places that Admit may reserve lane 2
/// may fill four fifths and the lanes behind it three fifths, so that a campaign never fills a provider to the brim: lane 1 always finds a
/// place, and its messages leave before those of higher lanes that were admitted earlier.
///
/// While its circuit is open (`Breaker`) or an admin has stopped it nothing is admitted for it, and what was admitted and not handed over
/// goes back to be routed anew.
package final class ProviderQueue: Sendable {
    struct State {
        /// Lane 0, lane 1, all others: the first leaves first.
        var urgent = WaitingItems()
        var prompt = WaitingItems()
        var normal = WaitingItems()
        /// Reserved by Admit, in the queues or at the transport.
        var reserved = 0
        /// Places for which messages are being claimed.
        var expected = 0
        /// The most urgent lane that Claim left alone because there was no room.
        var refused: Int16?
        var pace = Pace()
        var tally = Tally()
        var unanswered: [Key: Handed] = [:]
        /// What of the contract's rate this worker may use.
        var rate = RateTokens()
        /// What it would be if all workers had as much to send.
        var share: Double
        /// After "slower" the whole line runs slower for a while; 1: at the contract's rate.
        var speed = Speed()
        /// A provider that said "slower": nothing leaves before.
        var pausedUntil: ContinuousClock.Instant?
        var pauseLength: Duration = .zero
        var breaker = Breaker()
        /// The one message that finds out whether the provider is well again.
        var probe: Key?
        var order: ProviderOrder?
        /// Of those that the cluster shares; nil: they are not counted. Without one nothing is admitted here.
        var connections: Int?
        /// By lane: when the last message that was deferred for want of room may come. A lane does not wait behind another's backlog.
        var deferredUntil: [Int16: ContinuousClock.Instant] = [:]

        var waitingCount: Int { urgent.count + prompt.count + normal.count }
        /// Another provider queue has the provider's name now: nothing comes here any more.
        var isRetired = false
        var isOver: Bool { isRetired && unanswered.isEmpty && waitingCount == 0 }
        /// Nothing is handed over any more; with any order nothing new is admitted.
        var isStopped: Bool { order.map { $0 != .draining } ?? false }
    }
    struct Key: Hashable {
        var messageID: MessageID
        var attempt: Int
    }
    struct Handed {
        var work: Work
        var at: ContinuousClock.Instant
    }

    package let name: String
    package let policy: ProviderPolicy
    package let transport: any Transport
    let state: Mutex<State>
    let takeRate: TakeRates
    let rateWanted = LoopSignal()
    let changed = LoopSignal()
    private let results: @Sendable ([(SubmissionResult, Work)]) -> Void
    private let hasRoom: @Sendable (_ lane: Int16) -> Void
    /// The circuit opened, or an admin stopped it: what waits in the lanes may go elsewhere.
    let rerouted: @Sendable (_ why: String) -> Void

    /// - Parameters:
    ///   - takeRate: how a stretch of the provider's rate is taken from what the cluster shares; for providers with a rate.
    ///   - hasRoom: called when a lane that found no room may look again, with the most urgent of them.
    ///   - rerouted: called when nothing goes here any more, with what opened the circuit.
    package init(
        policy: ProviderPolicy, transport: any Transport, takeRate: @escaping TakeRates,
        hasRoom: @escaping @Sendable (_ lane: Int16) -> Void = { _ in },
        rerouted: @escaping @Sendable (_ why: String) -> Void = { _ in },
        results: @escaping @Sendable ([(SubmissionResult, Work)]) -> Void
    ) {
        self.name = policy.name
        self.policy = policy
        self.transport = transport
        self.takeRate = takeRate
        self.results = results
        self.hasRoom = hasRoom
        self.rerouted = rerouted
        state = Mutex(State(share: policy.rate ?? 0, connections: policy.maxConnections.map { _ in 0 }))
    }

    private var reserveOfWindow: Int { max(1, transport.window / 10) }

    /// Shares the provider's rate among the sessions that live: how much may be admitted ahead, not how fast it leaves.
    package func divide(among sessions: Int) {
        guard let rate = policy.rate else { return }
        state.withLock { $0.share = rate / Double(max(1, sessions)) }
    }

    // MARK: places

    func reserve(_ work: Work) -> Bool {
        state.withLock { state in
            guard free(state, lane: work.priority) > 0 else { return false }
            state.reserved += 1
            return true
        }
    }

    /// Places for which messages of a lane may be claimed; 0: too few to be worth a claim. `hasRoom` then says when there are more.
    func room(lane: Int16) -> Int {
        state.withLock { state in
            let room = free(state, lane: lane) - state.expected
            if room >= worthClaiming(state, lane: lane) { return room }
            state.refused = min(state.refused ?? lane, lane)
            return 0
        }
    }

    /// Many small claims cost more than the wait for a larger one, but a code never waits for company, nor does a probe.
    private func worthClaiming(_ state: State, lane: Int16) -> Int {
        lane == 0 || !state.breaker.isClosed ? 1 : max(1, places(state, lane: lane) / 4)
    }

    /// Messages are being claimed (or, negative, no longer) that will probably need a place here.
    func expect(_ count: Int) {
        state.withLock { $0.expected += count }
        if count < 0 { tellRoom() }
    }

    func tellRoom() {
        let lane = state.withLock { state -> Int16? in
            guard let lane = state.refused else { return nil }
            guard free(state, lane: lane) - state.expected >= worthClaiming(state, lane: lane) else { return nil }
            state.refused = nil
            return lane
        }
        if let lane { hasRoom(lane) }
    }

    private func free(_ state: State, lane: Int16) -> Int {
        if state.order != nil || state.connections == 0 || state.isRetired { return 0 }
        if lane > 0, let paused = state.pausedUntil, paused > .now { return 0 }
        guard state.breaker.isClosed else {
            // One probe, whichever lane has a message first.
            return state.breaker.allowance(.now) - (state.probe == nil ? 0 : 1) - (state.reserved - state.unanswered.count)
        }
        return places(state, lane: lane) - state.reserved
    }

    /// How many places may be reserved when a message of this lane asks for one: as many as keep the provider busy, and few in doubt.
    private func places(_ state: State, lane: Int16) -> Int {
        let window = transport.window
        let limit =
            policy.rate == nil
            ? window + max(window, state.pace.answered(in: .milliseconds(250)))
            : min(window * 2, window + max(1, Int(state.share)))
        return Self.part(of: limit, for: lane) + (lane == 0 ? reserveOfWindow : 0)
    }

    /// A lane's share of `limit` places.
    private static func part(of limit: Int, for lane: Int16) -> Int {
        switch lane {
        case 0, 1: limit
        case 2: max(1, limit * 4 / 5)
        default: max(1, limit * 3 / 5)
        }
    }

    func giveBack(_ work: Work) {
        state.withLock { $0.reserved -= 1 }
        tellRoom()
    }

    /// Messages without room come back one after another, as fast as the provider takes them; at most 5 minutes from now.
    func pause(for work: Work) -> Duration {
        state.withLock { state in
            let now = ContinuousClock.now
            let lane = work.priority
            var soonest = now + .milliseconds(lane == 0 ? 50 : 250)
            // Not for as long as the circuit may be open: its route may name others, and the next look chooses anew.
            if case .open(let until) = state.breaker.circuit { soonest = max(soonest, min(until, now + .seconds(2))) }
            if state.order != nil { soonest = max(soonest, now + .seconds(2)) }
            if lane == 0 { return soonest - now }
            let each =
                policy.rate == nil
                ? Duration.milliseconds(1) : .seconds(Double(Item.price(of: work, policy)) / max(state.share, 0.001))
            let before = max(state.deferredUntil[lane] ?? now, soonest, state.pausedUntil ?? now)
            let deferredUntil = min(before + each, now + .seconds(300))
            state.deferredUntil[lane] = deferredUntil
            return deferredUntil - now
        }
    }

    // MARK: handing over

    /// Takes what Admit has committed; `pump` hands it over.
    func enqueue(_ admitted: [Admit.Admitted]) {
        let items = admitted.map { Item($0, policy: policy) }
        let isRetired = state.withLock { state in
            if state.isRetired { return true }
            for item in items {
                switch item.work.priority {
                case 0: state.urgent.append(item)
                case 1: state.prompt.append(item)
                default: state.normal.append(item)
                }
            }
            return false
        }
        if isRetired {
            return finish(items.map { ($0, .deferred(Self.notSent(Self.otherSettings))) })
        }
        pump()
        if policy.rate != nil { rateWanted.fire() }
    }

    /// Hands over what places and rate allow, now.
    func pump() {
        let (items, late) = state.withLock { takeReady(&$0, now: .now) }
        if !late.isEmpty { finish(late.map { ($0, Self.tooLate) }) }
        guard !items.isEmpty else { return }
        transport.submit(items.map(\.submission)) { [weak self] results in self?.received(results) }
    }

    /// Pumps whenever a place or the rate may have become free, until cancelled, or retired and empty.
    package func run() async {
        await withDiscardingTaskGroup { group in
            if let rate = policy.rate { group.addTask { await self.keepRate(rate) } }
            while !Task.isCancelled && !state.withLock({ $0.isOver }) {
                let generation = changed.generation
                lookForSilence()
                pump()
                tellRoom()
                await changed.wait(after: generation, timeout: nextPump())
            }
            group.cancelAll()
        }
    }

    /// How long until waiting messages may leave or have waited too long, or something else is to be looked at.
    private func nextPump() -> Duration {
        state.withLock { state in
            let now = ContinuousClock.now
            // `enqueue` pumps without waking this loop: so long silence may begin unseen.
            var next = Duration.milliseconds(500)
            if state.waitingCount > 0 {
                let rate = state.rate.next.map { max($0 - now, .milliseconds(1)) } ?? .milliseconds(100)
                next = policy.rate == nil ? .milliseconds(100) : min(rate, .milliseconds(100))
            } else if state.refused != nil, let paused = state.pausedUntil {
                next = max(paused - now, .milliseconds(5))
            }
            if !state.unanswered.isEmpty { next = min(next, .milliseconds(250)) }
            if case .open(let until) = state.breaker.circuit, until > now { next = min(next, until - now) }
            return next
        }
    }

    private func takeReady(_ state: inout State, now: ContinuousClock.Instant) -> (ready: [Item], late: [Item]) {
        state.rate.dropLate(now)
        var late = state.urgent.takeLate(now)
        late += state.prompt.takeLate(now)
        late += state.normal.takeLate(now)
        var ready: [Item] = []
        guard !state.isStopped else { return (ready, late) }
        var places = transport.window - state.unanswered.count
        var open = places - reserveOfWindow * (transport.window > 1 ? 1 : 0)
        if !state.breaker.isClosed {
            places = min(places, state.probe == nil ? state.breaker.allowance(now) : 0)
            open = places
        }
        take(&state.urgent, &state.rate, places: places, now, into: &ready)
        if (state.pausedUntil ?? now) <= now {
            take(&state.prompt, &state.rate, places: open, now, into: &ready)
            take(&state.normal, &state.rate, places: open, now, into: &ready)
        }
        guard !ready.isEmpty else { return (ready, late) }
        for item in ready { state.unanswered[item.key] = Handed(work: item.work, at: now) }
        if !state.breaker.isClosed { state.probe = ready[0].key }
        state.breaker.handedOver(now)
        return (ready, late)
    }

    private func take(
        _ waiting: inout WaitingItems, _ rate: inout RateTokens, places: Int, _ now: ContinuousClock.Instant,
        into ready: inout [Item]
    ) {
        while ready.count < places, let item = waiting.first {
            guard policy.rate == nil || rate.take(item.price, now: now) else { break }
            ready.append(item)
            waiting.removeFirst()
        }
    }

    // MARK: answers

    private func received(_ answers: [SubmissionResult]) {
        let now = ContinuousClock.now
        let (finished, opened) = state.withLock { state in
            var opened: String?
            let finished = answers.compactMap { answer -> (SubmissionResult, Work)? in
                let key = Key(messageID: answer.messageID, attempt: answer.attempt)
                guard let handed = state.unanswered.removeValue(forKey: key) else { return nil }
                state.reserved -= 1
                if adapt(&state, to: answer, key, now) { opened = state.breaker.reason ?? answer.outcome.name }
                return (answer, handed.work)
            }
            state.pace.count(finished.count, now: now)
            return (state.breaker.isClosed ? finished : finished.map(Self.rerouted), opened)
        }
        results(finished)
        if let opened { circuitOpened(opened) }
        tellRoom()
        changed.fire()
    }

    static let longestPause = Duration.seconds(900)

    /// Throttling slows the whole account, 1 s doubling to 60 s with jitter; an acceptance ends it. True: the circuit has just opened.
    private func adapt(_ state: inout State, to answer: SubmissionResult, _ key: Key, _ now: ContinuousClock.Instant) -> Bool {
        let outcome = answer.outcome
        state.tally.count(outcome, at: now)
        if outcome.failure?.throttled == true {
            if (state.pausedUntil ?? now) <= now {
                state.pauseLength = min(max(state.pauseLength * 2, .seconds(1)), .seconds(60))
                // One message may wait for as long as it was told to; all others of the provider not for ever on its account.
                let asked = min(outcome.failure?.retryAfter ?? .zero, Self.longestPause)
                state.pausedUntil = now + max(asked, state.pauseLength * Double.random(in: 0.5...1))
                state.speed.slow(now)
            }
        } else if case .accepted = outcome {
            state.pauseLength = .zero
        }
        let isProbe = state.probe == key
        if isProbe { state.probe = nil }
        // While the circuit is open answers to what was handed over before may only close it.
        guard state.breaker.isClosed || isProbe || Breaker.Sign(outcome) == .works else { return false }
        return state.breaker.answered(outcome, after: answer.latency, now: now, jitter: .random(in: 0..<1))
    }

    /// What could not reach a provider whose circuit is open goes back at once, to be routed anew, not after a pause.
    private static func rerouted(_ result: SubmissionResult, _ work: Work) -> (SubmissionResult, Work) {
        guard let failure = result.outcome.failure, Breaker.Sign(result.outcome) == .unreachable else { return (result, work) }
        var back = result
        back.outcome = .deferred(
            Failure(code: "not_sent", detail: "\(failure.code): \(failure.detail)", blame: .provider, countsAttempt: false))
        return (back, work)
    }

    /// Ends messages that were not handed over.
    func finish(_ items: [(Item, Outcome)]) {
        guard !items.isEmpty else { return }
        state.withLock { $0.reserved -= items.count }
        tellRoom()
        results(
            items.map { item, outcome in
                let submission = item.submission
                return (
                    SubmissionResult(
                        messageID: submission.messageID, attempt: submission.attempt, outcome: outcome, latency: .zero),
                    item.work
                )
            })
    }

    private static let otherSettings = "its provider has other settings now"
    private static let tooLate = Outcome.deferred(
        Failure(
            code: "deadline_passed", detail: "the send deadline passed while it waited for a place", blame: .martlet,
            countsAttempt: false))

    /// Another provider queue takes its place: it finishes what was handed over, and then `run` ends.
    package func retire() async {
        state.withLock { $0.isRetired = true }
        giveBackWaiting(Self.otherSettings)
        changed.fire()
        await transport.drain(Self.otherSettings)
        changed.fire()
    }

    /// Unanswered submissions now.
    package var unanswered: Int { state.withLock { $0.unanswered.count } }
    package var waiting: Int { state.withLock { $0.waitingCount } }
    package var pausedFor: Duration {
        state.withLock { state in state.pausedUntil.map { max(.zero, $0 - .now) } ?? .zero }
    }
}
