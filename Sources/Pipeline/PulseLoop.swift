import Logging
import Store

/// Finds out for the other loops of a worker whether something may have come into a lane, or is due.
///
/// One worker of the cluster, elected by a lock that ends with each question, waits in the server for all of them (`WaitForMessages`). It
/// claims what trickles in alone. Any other looks for itself every quarter of a second, so whatever goes wrong with the elected one costs that at
/// most; and whoever is busy with full batches neither waits nor keeps the others from it, so that they come to help.
struct PulseLoop: Sendable {
    /// How long one question lasts, and how often the others ask.
    static let period = Duration.milliseconds(250)
    /// After the server refused to wait.
    static let refusal = Duration.seconds(60)
    private static let slowPoll = Duration.milliseconds(20)

    let claim: Claim
    let shared: SharedState
    /// A connection of its own: it is in use nearly all the time.
    let database: Database
    let poll: Duration
    let idlePoll: Duration
    let maintenance: Bool
    let wakeUps: WakeUps
    let logger: Logger
    let readRings: @Sendable () async throws -> Void

    private struct State {
        var pollUntil: ContinuousClock.Instant?
        var dueAt = ContinuousClock.now - .seconds(1)
    }

    func run() async {
        var state = State()
        var isBlind = false
        while !Task.isCancelled {
            let started = ContinuousClock.now
            do {
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

    /// Answers how long after its beginning the next one may begin.
    private func round(_ state: inout State) async throws -> Duration {
        if claim.isSaturated || (state.pollUntil.map { $0 > .now } ?? false) {
            let pause = claim.isSaturated ? min(idlePoll, Self.slowPoll) : Self.slowPoll
            try await take(database.run(Pulse(), within: .seconds(5)), elected: false)
            tellDue(&state)
            return pause
        }
        let answer: WaitForMessages.Answer
        do { answer = try await database.run(question(state), within: .seconds(5)) } catch let error as StoreError
            where error.isForbidden
        {
            state.pollUntil = .now + Self.refusal
            logger.warning(
                "the server does not let this worker wait for messages; it asks every 20 ms for a minute, then tries again",
                metadata: ["error": "\(error)"])
            return .zero
        }
        if answer.isDue { tellDue(&state) }
        try await take(answer.pulse, elected: answer.elected)
        return answer.elected ? poll : Self.period * Double.random(in: 0.8...1)
    }

    private func question(_ state: State) -> WaitForMessages {
        let (sequence, open) = claim.awaited
        return WaitForMessages(
            sequence: sequence, open: open, poll: poll, timeout: shared.mayClaim && !claim.isBlocked ? Self.period : .zero,
            promotes: maintenance && state.dueAt + .milliseconds(100) <= .now)
    }

    private func take(_ pulse: Pulse.Answer, elected: Bool) async throws {
        shared.sequence = pulse.sequence
        if claim.update(pulse, elected: elected) { wakeUps.somethingNew() }
        // A lane has moved to another segment: nobody would look there before the next refresh.
        if !shared.segments.isUpToDate(with: pulse) {
            try await readRings()
            wakeUps.somethingNew()
        }
    }

    /// At most every 100 ms: what is due may be in another worker's hands.
    private func tellDue(_ state: inout State) {
        guard state.dueAt + .milliseconds(100) <= .now else { return }
        state.dueAt = .now
        wakeUps.due.fire()
    }
}
