import Store
import Telemetry

extension Maintenance {
    func countEvents() async throws -> Bool {
        let counts = try await database.run(CountParkedEvents())
        meters.gauge("martlet_events_waiting", [], Double(counts.waiting))
        meters.gauge("martlet_events_unmatched", [], Double(counts.unmatched))
        return false
    }
}
