import Logging
import Pipeline
import Store

/// Finds out for the other loops of a worker whether something may have come into a lane, or is due.
///
/// One worker of the cluster waits for all of them; it claims what trickles in alone. Any other looks for itself every quarter of a second (of more than four, each
/// every half), so whatever goes wrong with the one that waits costs that at most. A worker that is busy with full batches neither waits nor keeps the others from it,
/// so that they come to help. The one that waits sleeps until an enqueue wakes it by NOTIFY (`QueueWatch`); where that is not possible it waits inside
/// the server (`WaitForMessages`).
struct QueueProbeLoop: Sendable {
    /// How often workers ask that do not wait for all, and the longest sleep of the one that does.
    static let period = Duration.milliseconds(250)
    /// After the server refused to wait, or cannot wake this session.
    static let refusal = Duration.seconds(60)
    static let slowPoll = Duration.milliseconds(20)

    let claim: Claim
    let shared: SharedState
    /// A connection of its own: it is in use nearly all the time.
    let database: Database
    let poll: Duration
    let idlePoll: Duration
    let maintenance: Bool
    let signals: LoopSignals
    let logger: Logger
    let readRings: @Sendable () async throws -> Void

    /// The one that waits for all does the duties of the cluster, too, so one that does none leaves it to others.
    var waitsForAll: Bool { maintenance }

    struct State {
        var pollUntil: ContinuousClock.Instant?
        var dueAt = ContinuousClock.now - .seconds(1)
        /// Sessions cannot be woken until then.
        var notWokenUntil = ContinuousClock.now
    }

    func run() async {
        var state = State()
        var isBlind = false
        while !Task.isCancelled {
            let started = ContinuousClock.now
            do {
                if state.notWokenUntil <= started {
                    try await watch(&state)
                }
                let pause = try await round(&state)
                if isBlind { logger.notice("the lanes can be looked at again") }
                isBlind = false
                await Pause.sleep(max(pause - (.now - started), .milliseconds(1)))
            } catch is CancellationError {
                return
            } catch {
                if !isBlind {
                    logger.warning("the lanes cannot be looked at; this is tried twice a second", metadata: ["error": "\(error)"])
                }
                isBlind = true
                await Pause.sleep(.milliseconds(500))
            }
        }
    }

    /// Returns when sessions cannot be woken.
    private func watch(_ state: inout State) async throws {
        let why = try await database.withConnection { connection in
            if let why = try await connection.whyNotWoken() { return why }
            try await QueueWatch(loop: self, connection: connection).run()
            return "it was cancelled"
        }
        try Task.checkCancellation()
        state.notWokenUntil = .now + Self.refusal
        logger.info("enqueues cannot wake this worker; it waits inside the server instead", metadata: ["why": "\(why)"])
    }

    /// Answers how long after its beginning the next one may begin.
    private func round(_ state: inout State) async throws -> Duration {
        if claim.isSaturated || (state.pollUntil.map { $0 > .now } ?? false) {
            let pause = claim.isSaturated ? min(idlePoll, Self.slowPoll) : Self.slowPoll
            try await take(database.run(QueueProbe(), within: .seconds(5)), elected: false, anotherWaits: false)
            tellDue(&state.dueAt)
            return pause
        }
        let answer: WaitForMessages.Answer
        let asked = question(state)
        do { answer = try await database.run(asked, within: .seconds(5)) } catch let error as StoreError
            where error.isForbidden
        {
            state.pollUntil = .now + Self.refusal
            logger.warning(
                "the server does not let this worker wait for messages; it asks every 20 ms for a minute, then tries again",
                metadata: ["error": "\(error)"])
            return .zero
        }
        if answer.isDue { tellDue(&state.dueAt) }
        try await take(answer.probe, elected: answer.elected, anotherWaits: asked.timeout > .zero && !answer.elected)
        return answer.elected ? poll : Self.period * Double.random(in: 0.8...1)
    }

    private func question(_ state: State) -> WaitForMessages {
        let (sequence, open) = claim.awaited
        return WaitForMessages(
            sequence: sequence, open: open, poll: poll,
            timeout: waitsForAll && shared.mayClaim && !claim.isBlocked ? Self.period : .zero,
            promotes: maintenance && state.dueAt + .milliseconds(100) <= .now)
    }

    /// True: something may have come.
    @discardableResult
    func take(_ probe: QueueProbe.Answer, elected: Bool, anotherWaits: Bool, isBehind: Bool? = nil) async throws -> Bool {
        shared.sequence = probe.sequence
        let wasAnothers = claim.anotherWaits
        let isNew = claim.update(probe, elected: elected, anotherWaits: anotherWaits, isBehind: isBehind)
        if isNew { signals.somethingNew() }
        if wasAnothers && !claim.anotherWaits { signals.turn.fire() }
        // A lane has moved to another part: no claim would look there before the next refresh.
        if !shared.rings.isUpToDate(with: probe) {
            try await readRings()
            signals.somethingNew()
        }
        return isNew
    }

    /// At most every 100 ms: what is due may be in another worker's hands.
    func tellDue(_ dueAt: inout ContinuousClock.Instant) {
        guard dueAt + .milliseconds(100) <= .now else { return }
        dueAt = .now
        signals.due.fire()
    }
}
