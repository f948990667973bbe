import Domain
import Rendering
import Store
import Synchronization
import Transports

/// One outlet per provider: the places and the rate this worker has there, and the queue of what is admitted and not yet handed over.
final class Outlets: Sendable {
    private let outlets: Mutex<[String: Outlet]>

    init(_ outlets: [Outlet]) {
        self.outlets = Mutex(Dictionary(outlets.map { ($0.name, $0) }) { first, _ in first })
    }

    var all: [Outlet] { outlets.withLock { Array($0.values) } }
    func outlet(_ name: String) -> Outlet? { outlets.withLock { $0[name] } }
    func add(_ outlet: Outlet) { outlets.withLock { $0[outlet.name] = outlet } }

    /// Takes a place for a message if its provider can start it within a second.
    func hasRoom(for work: Work) -> Bool { outlet(work.provider.name)?.reserve(work) ?? false }
    /// How long a message waits whose provider has no room.
    func pause(for work: Work) -> Duration { outlet(work.provider.name)?.pause(for: work) ?? .seconds(5) }
    func giveBack(_ works: [Work]) {
        for work in works { outlet(work.provider.name)?.giveBack(work) }
    }
}

/// Send's side of one provider: hands admitted messages to the transport as places and rate allow, the urgent ones first.
///
/// Admit reserves before it commits, so that a killed worker leaves few messages in doubt: what is reserved and waiting is at most one
/// window, and one second of rate or a quarter of a second of what the provider answered lately, beyond what is on its way. A tenth of
/// the window and of the rate is kept for lane 0. Of the places that Admit may reserve lane 2 may fill four fifths and the lanes behind
/// it three fifths, so that a campaign never fills a provider to the brim: lane 1 always finds a place, and its messages leave before
/// those of higher lanes that were admitted earlier.
final class Outlet: Sendable {
    private struct State {
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
        var unanswered: [Key: Work] = [:]
        /// Segments that may leave now; refilled by time, at most one second's worth.
        var tokens: Double
        var refilled = ContinuousClock.now
        var share: Double
        /// A provider that said "slower": nothing leaves before.
        var pausedUntil: ContinuousClock.Instant?
        var pauseLength: Duration = .zero
        /// By lane: when the last message that was put off for want of room may come. A lane does not wait behind another's backlog.
        var booked: [Int16: ContinuousClock.Instant] = [:]
    }
    private struct Key: Hashable {
        var messageID: MessageID
        var attempt: Int
    }

    let name: String
    let policy: ProviderPolicy
    let transport: any Transport
    private let state: Mutex<State>
    private let results: @Sendable ([(SubmissionResult, Work)]) -> Void
    private let hasRoom: @Sendable (_ lane: Int16) -> Void
    private let changed = Signal()

    /// - Parameter hasRoom: called when a lane that found no room may look again, with the most urgent of them.
    init(
        policy: ProviderPolicy, transport: any Transport, hasRoom: @escaping @Sendable (_ lane: Int16) -> Void = { _ in },
        results: @escaping @Sendable ([(SubmissionResult, Work)]) -> Void
    ) {
        self.name = policy.name
        self.policy = policy
        self.transport = transport
        self.results = results
        self.hasRoom = hasRoom
        state = Mutex(State(tokens: policy.rate ?? 0, share: policy.rate ?? 0))
    }

    private var reserveOfWindow: Int { max(1, transport.window / 10) }

    /// Shares the provider's rate among the sessions that live.
    func divide(among sessions: Int) {
        guard let rate = policy.rate else { return }
        state.withLock { $0.share = rate / Double(max(1, sessions)) }
    }

    func reserve(_ work: Work) -> Bool {
        state.withLock { state in
            guard free(state, lane: work.lease.lane) > 0 else { return false }
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

    /// Many small claims cost more than the wait for a larger one, but a code never waits for company.
    private func worthClaiming(_ state: State, lane: Int16) -> Int {
        lane == 0 ? 1 : max(1, places(state, lane: lane) / 4)
    }

    /// Messages are being claimed (or, negative, no longer) that will probably need a place here.
    func expect(_ count: Int) {
        state.withLock { $0.expected += count }
        if count < 0 { tellRoom() }
    }

    private func tellRoom() {
        let lane = state.withLock { state -> Int16? in
            guard let lane = state.refused else { return nil }
            guard free(state, lane: lane) - state.expected >= worthClaiming(state, lane: lane) else { return nil }
            state.refused = nil
            return lane
        }
        if let lane { hasRoom(lane) }
    }

    private func free(_ state: State, lane: Int16) -> Int {
        if lane > 0, let paused = state.pausedUntil, paused > .now { return 0 }
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
            let lane = work.lease.lane
            let soonest = now + .milliseconds(lane == 0 ? 50 : 250)
            if lane == 0 { return soonest - now }
            let each =
                policy.rate == nil ? Duration.milliseconds(1) : .seconds(Double(work.cost.segments) / max(state.share, 0.001))
            let before = max(state.booked[lane] ?? now, soonest, state.pausedUntil ?? now)
            let booked = min(before + each, now + .seconds(300))
            state.booked[lane] = booked
            return booked - now
        }
    }

    /// Takes what Admit has committed; `pump` hands it over.
    func enqueue(_ admitted: [Admit.Admitted]) {
        let items = admitted.map { Item($0, timeout: policy.timeout) }
        state.withLock { state in
            for item in items {
                switch item.work.lease.lane {
                case 0: state.urgent.append(item)
                case 1: state.prompt.append(item)
                default: state.normal.append(item)
                }
            }
        }
        pump()
    }

    /// Hands over what places and rate allow, now.
    func pump() {
        let (items, late) = state.withLock { takeReady(&$0, now: .now) }
        if !late.isEmpty { finish(late.map { ($0, Self.tooLate($0)) }) }
        guard !items.isEmpty else { return }
        transport.submit(items.map(\.submission)) { [weak self] results in self?.received(results) }
    }

    /// Pumps whenever a place or the rate may have become free, until cancelled.
    func run() async {
        while !Task.isCancelled {
            let generation = changed.generation
            pump()
            tellRoom()
            await changed.wait(after: generation, timeout: nextPump())
        }
    }

    /// How long until waiting messages may leave or have waited too long.
    private func nextPump() -> Duration {
        state.withLock { state in
            if state.urgent.isEmpty && state.prompt.isEmpty && state.normal.isEmpty {
                guard state.refused != nil, let paused = state.pausedUntil else { return .seconds(60) }
                return max(paused - .now, .milliseconds(5))
            }
            return policy.rate == nil ? .milliseconds(100) : .milliseconds(5)
        }
    }

    private func takeReady(_ state: inout State, now: ContinuousClock.Instant) -> (ready: [Item], late: [Item]) {
        refill(&state, now)
        var late = state.urgent.takeLate(now)
        late += state.prompt.takeLate(now)
        late += state.normal.takeLate(now)
        var ready: [Item] = []
        let places = transport.window - state.unanswered.count
        take(&state.urgent, &state.tokens, state.share, places: places, keep: 0, into: &ready)
        if (state.pausedUntil ?? now) <= now {
            let keep = policy.rate == nil ? 0 : state.share * 0.1
            let open = places - reserveOfWindow * (transport.window > 1 ? 1 : 0)
            take(&state.prompt, &state.tokens, state.share, places: open, keep: keep, into: &ready)
            take(&state.normal, &state.tokens, state.share, places: open, keep: keep, into: &ready)
        }
        for item in ready { state.unanswered[Key(messageID: item.work.message.id, attempt: item.submission.attempt)] = item.work }
        return (ready, late)
    }

    private func take(
        _ waiting: inout WaitingItems, _ tokens: inout Double, _ share: Double, places: Int, keep: Double,
        into ready: inout [Item]
    ) {
        while ready.count < places, let item = waiting.first {
            if policy.rate != nil {
                // A message longer than a second's worth leaves when the bucket is full.
                let price = min(Double(item.submission.rendered.segments), max(1, share))
                guard tokens - keep >= price || (keep > 0 && tokens >= max(1, share)) else { break }
                tokens -= price
            }
            ready.append(item)
            waiting.removeFirst()
        }
    }

    private func refill(_ state: inout State, _ now: ContinuousClock.Instant) {
        guard policy.rate != nil else { return }
        state.tokens = min(max(1, state.share), state.tokens + (now - state.refilled).inSeconds * state.share)
        state.refilled = now
    }

    private func received(_ answers: [SubmissionResult]) {
        let finished = state.withLock { state in
            answers.compactMap { answer -> (SubmissionResult, Work)? in
                let key = Key(messageID: answer.messageID, attempt: answer.attempt)
                guard let work = state.unanswered.removeValue(forKey: key) else { return nil }
                state.reserved -= 1
                adapt(&state, to: answer.outcome)
                return (answer, work)
            }
        }
        state.withLock { $0.pace.count(finished.count, now: .now) }
        results(finished)
        tellRoom()
        changed.fire()
    }

    /// Throttling slows the whole account, 1 s doubling to 60 s with jitter; an acceptance ends it.
    private func adapt(_ state: inout State, to outcome: Outcome) {
        if outcome.failure?.throttled == true {
            guard (state.pausedUntil ?? .now) <= .now else { return }
            state.pauseLength = min(max(state.pauseLength * 2, .seconds(1)), .seconds(60))
            let asked = outcome.failure?.retryAfter ?? .zero
            state.pausedUntil = .now + max(asked, state.pauseLength * Double.random(in: 0.5...1))
        } else if case .accepted = outcome {
            state.pauseLength = .zero
        }
    }

    private func finish(_ items: [(Item, Outcome)]) {
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

    private static func tooLate(_ item: Item) -> Outcome {
        .deferred(
            Failure(
                code: "deadline_passed", detail: "the send deadline passed while it waited for a place", blame: .martlet,
                burnsAttempt: false))
    }

    /// Stops: what waits here is un-admitted, the transport answers the rest.
    func drain() async {
        let waiting = state.withLock { state in
            state.urgent.takeAll() + state.prompt.takeAll() + state.normal.takeAll()
        }
        let failure = Failure(
            code: "not_sent", detail: "the worker is stopping; nothing was written", blame: .martlet, burnsAttempt: false)
        finish(waiting.map { ($0, .deferred(failure)) })
        await transport.drain()
    }

    /// Unanswered submissions now.
    var unanswered: Int { state.withLock { $0.unanswered.count } }
    var waiting: Int { state.withLock { $0.urgent.count + $0.prompt.count + $0.normal.count } }
    var pausedFor: Duration {
        state.withLock { state in state.pausedUntil.map { max(.zero, $0 - .now) } ?? .zero }
    }
}
