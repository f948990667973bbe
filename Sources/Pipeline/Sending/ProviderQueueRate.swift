import Domain
import Store
import Synchronization
import Transports

/// Takes a stretch of a provider's rate from what the whole cluster shares.
package typealias TakeRates = @Sendable (TakeRate) async throws -> TakeRate.Answer

extension ProviderQueue {
    /// How fast the line runs, of the contract's rate. A provider that says "slower" halves it for the whole cluster, down to a sixteenth; it
    /// recovers by a twentieth of the contract each second.
    struct Speed: Sendable {
        private static let least = 1.0 / 16
        private static let recovery = 0.05
        private var factor = 1.0
        private var since = ContinuousClock.now

        func factor(_ now: ContinuousClock.Instant) -> Double { min(1, factor + (now - since).inSeconds * Self.recovery) }
        mutating func slow(_ now: ContinuousClock.Instant) {
            factor = max(Self.least, factor(now) / 2)
            since = now
        }
    }

    /// How far ahead the line may be given out: far enough that no worker runs dry between two looks, and so near that a worker that comes later is
    /// not kept waiting. A code without a place may reach further: it is not shut out by those who ask all the time.
    private static let horizon = Duration.milliseconds(400)
    private static let urgentHorizon = Duration.seconds(2)
    /// A worker asks again when less than this is left.
    private static let lowWater = Duration.milliseconds(150)

    private enum Next {
        case ask(TakeRate)
        /// Enough is held, or nothing waits.
        case wait(Duration)
    }

    /// Holds as much of the provider's rate as waits here, until cancelled.
    func keepRate(_ contract: Double) async {
        while !Task.isCancelled {
            let generation = rateWanted.generation
            switch next(contract, now: .now) {
            case .wait(let duration): await rateWanted.wait(after: generation, timeout: duration)
            case .ask(let question):
                do {
                    if let denied = try await ask(question) { await Pause.sleep(denied) }
                } catch {
                    // The database is away: nothing leaves without its leave. The heartbeat says so in the log.
                    await Pause.sleep(.milliseconds(500))
                }
            }
        }
    }

    private func next(_ contract: Double, now: ContinuousClock.Instant) -> Next {
        state.withLock { state in
            let waiting = state.urgent.price + state.prompt.price + state.normal.price
            let mayLeave = state.breaker.allowance(now) > 0 && !state.isStopped && transport.window > state.unanswered.count
            let isPaused = (state.pausedUntil ?? now) > now && state.urgent.isEmpty
            guard waiting > 0, mayLeave, !isPaused, let first = state.urgent.first ?? state.prompt.first ?? state.normal.first
            else {
                return .wait(waiting > 0 ? .milliseconds(100) : .seconds(60))
            }
            state.rate.dropLate(now)
            let held = state.rate.count
            if held >= first.price, let last = state.rate.last {
                if last - now > Self.lowWater { return .wait(last - now - Self.lowWater) }
                if held >= waiting { return .wait(.milliseconds(20)) }
            }
            let rate = contract * RateTokens.ofContract * state.speed.factor(now)
            // A fifth of a second if all workers had as much to send, so that everybody's turn comes before the horizon.
            let turn = max(first.price, Int((state.share * 0.2).rounded(.up)))
            let isUrgent = !state.urgent.isEmpty && held < first.price
            return .ask(
                TakeRate(
                    provider: name, rate: rate, want: Int32(clamping: min(waiting - held, turn)),
                    need: Int32(clamping: max(1, first.price - held)), horizon: isUrgent ? Self.urgentHorizon : Self.horizon))
        }
    }

    /// How long to wait before the next question, when the line was given out already.
    private func ask(_ question: TakeRate) async throws -> Duration? {
        let began = ContinuousClock.now
        let answer = try await takeRate(question)
        let (asked, answered) = answer.exchange ?? (asked: began, answered: .now)
        guard answer.granted > 0 else {
            return max(answer.ahead - question.horizon, .zero) + .milliseconds(Int.random(in: 1...10))
        }
        // The present of the database lay somewhere between question and answer.
        let first = asked + (answered - asked) / 2 + answer.ahead
        state.withLock { $0.rate.add(answer.granted, from: first, rate: question.rate) }
        changed.fire()
        return nil
    }
}
