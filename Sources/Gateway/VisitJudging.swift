import Logging
import ServiceLifecycle
import Store
import Telemetry

/// Has visits judged once they are old enough, whichever gateway wrote them down.
struct VisitJudging: Service {
    let database: Database
    let meters: Meters
    let logger: Logger
    private static let most: Int32 = 1000

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var hasFailed = false
            while !Task.isCancelled {
                var judged = 0
                do {
                    let rows = try await database.run(JudgeVisits(limit: Self.most), within: .seconds(5))
                    for row in rows {
                        meters.count(
                            "martlet_link_visits_total", [("as", row.kind), ("why", row.code.isEmpty ? "none" : row.code)],
                            by: row.visits)
                    }
                    judged = rows.reduce(0) { $0 + $1.visits }
                    hasFailed = false
                } catch let error as StoreError {
                    if !hasFailed { logger.warning("visits of links wait to be judged", metadata: ["error": "\(error)"]) }
                    hasFailed = true
                } catch is CancellationError {
                    return  // the gateway ends; the next look is another's
                }
                guard judged < Self.most else { continue }
                do { try await Task.sleep(for: .seconds(1)) } catch {
                    return  // cancelled
                }
            }
        }
    }
}
