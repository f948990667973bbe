import Domain
import Store
import Synchronization
import Transports

extension ProviderQueue {
    /// Takes this worker's part of the connections that the provider allows to the whole cluster, and tells the transport. Once a second.
    ///
    /// The transport hears of fewer first; only when they are closed their slots are given back, so that the sum never exceeds the limit.
    package func shareConnections(session: Int32, on database: Database) async throws {
        guard let limit = policy.maxConnections, let pooled = transport as? any PooledTransport else { return }
        let inForce = state.withLock { $0.connections ?? 0 }
        let open = await pooled.openConnections()
        let allowed = try await database.run(
            TakeConnections(
                provider: name, limit: Int32(clamping: limit), session: session, needed: Int32(clamping: max(open, inForce)),
                most: Int32(clamping: pooled.mostConnections)))
        guard allowed != inForce else { return }
        state.withLock { $0.connections = allowed }
        pooled.limitConnections(allowed)
        tellRoom()
    }
}
