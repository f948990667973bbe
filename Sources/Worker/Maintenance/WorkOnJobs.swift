import Logging
import Store
import Telemetry

/// Bulk work of admins on dead letters.
extension Maintenance {
    /// One batch of bulk work that an admin has begun. True: there is more. Without a duty's lock: a job that another worker has is passed over.
    func workOnJobs() async throws -> Bool {
        guard try await due.jobs(), let batch = try await database.run(WorkOnJobs(), within: .seconds(60)) else {
            return false
        }
        for (result, count) in [("done", batch.done), ("skipped", batch.skipped)] where count > 0 {
            meters.count("martlet_job_messages_total", [("action", batch.action), ("result", result)], by: count)
        }
        if batch.hasEnded { logger.info("a job has ended", metadata: ["job": "\(batch.job)", "action": "\(batch.action)"]) }
        return true
    }
}
