import Domain
import Store
import Synchronization

/// One provider queue per provider: the places and the rate this worker has there, and the queue of what is admitted and not yet handed over.
package final class ProviderQueues: Sendable {
    /// Whether a message has a place at its provider.
    package enum Place {
        case reserved(at: ProviderQueue)
        /// The message waits for so long.
        case full(pause: Duration)
    }
    private struct State {
        var providerQueues: [String: ProviderQueue]
        /// By admins, for the whole cluster.
        var orders: [String: ProviderOrder] = [:]
        /// That deliver too few of what they take.
        var poor: Set<String> = []
        /// Of the policy, and cannot be opened, by name: why.
        var missing: [String: String] = [:]
    }
    private let state: Mutex<State>

    package init(_ providerQueues: [ProviderQueue]) {
        state = Mutex(State(providerQueues: Dictionary(providerQueues.map { ($0.name, $0) }) { first, _ in first }))
    }

    package var all: [ProviderQueue] { state.withLock { Array($0.providerQueues.values) } }
    package func providerQueue(_ name: String) -> ProviderQueue? { state.withLock { $0.providerQueues[name] } }
    package func add(_ providerQueue: ProviderQueue) {
        let order = state.withLock { state in
            state.providerQueues[providerQueue.name] = providerQueue
            return state.orders[providerQueue.name]
        }
        providerQueue.obey(order)
    }

    /// Takes a place for a message if its provider can start it within a second; answers where. The place is given back, or used, there and nowhere
    /// else: by then another provider queue may have the provider's name.
    package func place(for work: Work) -> Place {
        guard let providerQueue = providerQueue(work.provider.name) else { return .full(pause: .seconds(5)) }
        return providerQueue.reserve(work) ? .reserved(at: providerQueue) : .full(pause: providerQueue.pause(for: work))
    }
    package func giveBack(_ admitted: [Admit.Admitted]) {
        for one in admitted { one.providerQueue.giveBack(one.work) }
    }

    /// Providers of the policy that cannot be opened: others of their routes are used.
    package func setMissing(_ reasons: [String: String]) { state.withLock { $0.missing = reasons } }
    package var missing: [String: String] { state.withLock { $0.missing } }

    /// What the router must know now: who takes nothing, and who sends for whom.
    package var availability: Availability {
        let (providerQueues, orders, poor, missing) = state.withLock { ($0.providerQueues, $0.orders, $0.poor, $0.missing) }
        var availability = Availability()
        // One whose former account goes on is no reason to go elsewhere.
        availability.unavailable = Set(missing.keys.filter { providerQueues[$0] == nil })
        availability.poor = poor
        for (name, order) in orders {
            if case .moved(let target) = order {
                availability.moved[name] = target
            } else {
                availability.unavailable.insert(name)
            }
        }
        for (name, providerQueue) in providerQueues {
            switch providerQueue.condition {
            case .well: continue
            case .probing: availability.probing.insert(name)
            case .open: availability.unavailable.insert(name)
            }
        }
        return availability
    }

    /// True: something changed.
    package func setPoor(_ poor: Set<String>) -> Bool {
        state.withLock { state in
            defer { state.poor = poor }
            return state.poor != poor
        }
    }

    /// True: something changed, and what waits in the lanes may go elsewhere now.
    package func obey(_ orders: [String: ProviderOrder]) -> Bool {
        let providerQueues = state.withLock { state -> [String: ProviderQueue]? in
            guard state.orders != orders else { return nil }
            state.orders = orders
            return state.providerQueues
        }
        guard let providerQueues else { return false }
        for (name, providerQueue) in providerQueues { providerQueue.obey(orders[name]) }
        return true
    }
}
