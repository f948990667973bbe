import Domain
import Logging
import Pipeline
import Store
import Telemetry

extension Maintenance {
    /// Exports the levels; measures them when no worker did so lately.
    func measure() async throws -> Bool {
        var last = try await database.run(LoadLevels())
        if Levels.isDue(last) {
            let span = levels.span(after: last)
            do {
                let measured = try await onDuty(.levels) { connection in
                    // Another worker may just have done it.
                    guard try await Levels.isDue(connection.run(LoadLevels())) else { return false }
                    _ = try await connection.run(MeasureLevels(span: span), within: Levels.deadline)
                    return true
                }
                if measured == true { levels.succeeded() }
            } catch {
                levels.failed(span)
                throw error
            }
            last = try await database.run(LoadLevels())
        }
        levels.export(last, to: meters)
        let poor = Levels.poor(last, shared.policy.policy.providers)
        if providerQueues.setPoor(poor) {
            logger.notice("providers that deliver less than their policy wants", metadata: ["providers": "\(poor.sorted())"])
        }
        return false
    }
}
