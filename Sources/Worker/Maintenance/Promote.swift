import Pipeline
import Store
import Telemetry

/// Messages that are due go into their lanes.
extension Maintenance {
    /// When the probe says that a message is due. True: there is more.
    func promote() async throws -> Bool {
        let parts = shared.rings.due.map(\.number).filter { troubles.isDue("promote part \($0)") }
        var counts: [Int] = []
        do {
            counts = try await promote(parts)
        } catch let error as StoreError where parts.count > 1 && error.sqlstate != nil {
            // One of them: each by itself.
            try await troubles.each("promote", parts.map { ("part \($0)", $0) }) { counts += try await promote([$0]) }
        }
        meters.count("martlet_promoted_total", by: counts.reduce(0, +))
        return counts.contains { $0 >= 1000 }
    }

    private func promote(_ parts: [Int16]) async throws -> [Int] {
        try await onDuty(.promote) { connection in
            var counts: [Int] = []
            for part in parts { counts.append(try await connection.run(PromoteDue(part: part, limit: 1000)).count) }
            return counts
        } ?? []
    }
}
