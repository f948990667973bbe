import Logging
import Store
import Telemetry

/// Second messages on another channel: none or one.
extension Maintenance {
    /// True: there is more. Without a duty's lock: whose rows another worker holds are passed over.
    func decideFollowUps() async throws -> Bool {
        guard try await due.followUps() else { return false }
        var limit: Int32 = 500
        while true {
            do {
                let decided = try await database.run(DecideFollowUps(limit: limit))
                for (decision, count) in decided { meters.count("martlet_follow_ups_total", [("decision", decision)], by: count) }
                return decided.reduce(0) { $0 + $1.count } >= Int(limit)
            } catch let error as StoreError where error.isDataError && limit > 1 {
                limit /= 2
            } catch let error as StoreError where error.isDataError {
                // The first that is due, and no other.
                guard let message = try await database.run(RefuseFollowUp()) else { throw error }
                meters.count("martlet_follow_ups_total", [("decision", "refused")])
                logger.error(
                    "a follow-up cannot be decided; it is refused", metadata: ["message_id": "\(message)", "error": "\(error)"])
                return true
            }
        }
    }
}
