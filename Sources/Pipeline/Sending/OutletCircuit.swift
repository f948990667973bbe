import Domain
import Store
import Synchronization
import Transports

extension Outlet {
    /// Whether messages are routed here.
    var condition: Condition {
        state.withLock { state in
            if state.breaker.isClosed { return .well }
            return state.breaker.allowance(.now) > 0 && state.probe == nil && state.waitingCount == 0 ? .probing : .open
        }
    }
    enum Condition {
        case well
        /// One message may find out whether it is well again.
        case probing
        case open
    }

    /// What this worker tells the others.
    func health(_ now: ContinuousClock.Instant = .now) -> ProviderSeen {
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
            giveBackWaiting("its provider was stopped by an admin; nothing was written")
            transport.retract()
        }
        changed.fire()
        tellRoom()
    }

    /// Another worker's circuit is open.
    func othersFound(_ why: String) {
        let hasOpened = state.withLock { $0.breaker.othersFound(why, now: .now, jitter: .random(in: 0..<1)) }
        if hasOpened { circuitOpened() }
    }

    /// A provider that says nothing at all is found here, long before the answers' deadlines.
    func lookForSilence() {
        let hasOpened = state.withLock { state in
            guard state.breaker.isClosed, !state.unanswered.isEmpty else { return false }
            let oldest = state.unanswered.values.reduce(ContinuousClock.now) { min($0, $1.at) }
            return state.breaker.look(oldest: oldest, timeout: policy.timeout, now: .now, jitter: .random(in: 0..<1))
        }
        if hasOpened { circuitOpened() }
    }

    /// What was not handed over goes back to be routed anew; what was, the transport gives back as far as nothing was written.
    func circuitOpened() {
        giveBackWaiting("its provider's circuit opened; nothing was written")
        transport.retract()
        rerouted()
    }
}
