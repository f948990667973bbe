import Logging
import Pipeline
import Store
import Telemetry

/// A round of `Rescue`, when a session or a claim needs it.
extension Maintenance {
    /// After a start or a promotion of the server every beat looks stale: the first worker back must not rescue everyone.
    static let rescueGrace = Duration.seconds(15)

    func rescue() async throws -> Bool {
        // A worker with messages in flight need not ask whether anything is leased.
        if inFlight.count == 0 { guard try await due.rescue() else { return false } }
        let health = try await database.run(ServerUp())
        guard health >= Self.rescueGrace else { return false }
        let moved = try await Rescue(shared: shared, database: database, troubles: troubles).round()
        for (word, count) in moved { meters.count("martlet_rescued_total", [("into", word)], by: count) }
        if !moved.isEmpty {
            logger.warning("rescued messages of a lost worker or an overdue claim", metadata: ["moved": "\(moved)"])
        }
        return false
    }
}
