import Domain
import Store
import Synchronization
import Transports

extension ProviderQueue {
    /// Whether messages are routed here.
    package var condition: Condition {
        state.withLock { state in
            if state.breaker.isClosed { return .well }
            return state.breaker.allowance(.now) > 0 && state.probe == nil && state.waitingCount == 0 ? .probing : .open
        }
    }
    package enum Condition {
        case well
        /// One message may find out whether it is well again.
        case probing
        case open
    }

    /// What this worker tells the others.
    package func health(_ now: ContinuousClock.Instant = .now) -> ProviderSeen {
        state.withLock { state in
            let rates = state.tally.perSecond(now)
            return ProviderSeen(
                provider: name, circuit: state.breaker.circuit.word, reason: state.breaker.reason, accepted: rates.accepted,
                failed: rates.failed, throttled: rates.throttled, refused: rates.refused,
                latency: state.breaker.latency ?? .zero, unanswered: state.unanswered.count, waiting: state.waitingCount)
        }
    }

    /// An order of an admin; nil: simply in use.
    func obey(_ order: ProviderOrder?) {
        let stops = state.withLock { state in
            state.order = order
            return state.isStopped
        }
        if stops {
            giveBackWaiting("its provider was stopped by an admin")
            transport.retract("its provider was stopped by an admin")
        }
        changed.fire()
        tellRoom()
    }

    /// Another worker's circuit is open.
    package func othersFound(_ why: String) {
        let hasOpened = state.withLock { $0.breaker.othersFound(why, now: .now, jitter: .random(in: 0..<1)) }
        if hasOpened { circuitOpened(why) }
    }

    /// A provider that says nothing at all is found here, long before the answers' deadlines.
    func lookForSilence() {
        let why = state.withLock { state -> String? in
            guard state.breaker.isClosed, !state.unanswered.isEmpty else { return nil }
            let oldest = state.unanswered.values.reduce(ContinuousClock.now) { min($0, $1.at) }
            let hasOpened = state.breaker.look(
                oldest: oldest, timeout: policy.timeout, now: .now, jitter: .random(in: 0..<1))
            return hasOpened ? state.breaker.reason : nil
        }
        if let why { circuitOpened(why) }
    }

    /// What was not handed over goes back to be routed anew; what was, the transport gives back as far as nothing was written.
    /// - Parameter why: what opened it. Told along, because the circuit may be closed again before anybody could ask.
    func circuitOpened(_ why: String) {
        giveBackWaiting("its provider's circuit opened (\(why))")
        transport.retract("its provider's circuit opened (\(why))")
        rerouted(why)
    }

    static func notSent(_ why: String) -> Failure {
        Failure(code: "not_sent", detail: "\(why); nothing was written", blame: .martlet, countsAttempt: false)
    }

    /// Stops: what waits here is un-admitted, the transport answers the rest.
    package func drain() async {
        giveBackWaiting("the worker is stopping")
        await transport.drain()
    }

    /// What waits here is un-admitted.
    /// - Parameter why: a sentence without a full stop.
    func giveBackWaiting(_ why: String) {
        let waiting = state.withLock { state in
            state.urgent.takeAll() + state.prompt.takeAll() + state.normal.takeAll()
        }
        finish(waiting.map { ($0, .deferred(Self.notSent(why))) })
    }
}
