import Logging
import ServiceLifecycle
import Store
import Telemetry

/// Has hits judged once they are old enough, whichever gateway wrote them down.
struct LinkHitJudging: Service {
    let database: Database
    let meters: Meters
    let logger: Logger
    private static let most: Int32 = 1000

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var hasFailed = false
            var limit = Self.most
            while !Task.isCancelled {
                var judged = 0
                do {
                    let rows = try await database.run(JudgeLinkHits(limit: limit), within: .seconds(5))
                    for row in rows {
                        meters.count(
                            "martlet_link_visits_total", [("as", row.kind), ("why", row.code.isEmpty ? "none" : row.code)],
                            by: row.hits)
                    }
                    judged = rows.reduce(0) { $0 + $1.hits }
                    hasFailed = false
                    // Those before the one that was refused are judged; soon it is alone.
                    if judged < limit { limit = Self.most }
                } catch let error as StoreError where error.isDataError && limit > 1 {
                    limit /= 2
                    continue
                } catch let error as StoreError where error.isDataError {
                    await setAside(error)
                    limit = Self.most
                } catch let error as StoreError {
                    if !hasFailed { logger.warning("link hits wait to be judged", metadata: ["error": "\(error)"]) }
                    hasFailed = true
                } catch is CancellationError {
                    return  // the gateway ends; the next look is another's
                }
                guard judged < limit else { continue }
                do { try await Task.sleep(for: .seconds(1)) } catch {
                    return  // cancelled
                }
            }
        }
    }

    /// Writes hits down; one that the database refuses is lost, and no other.
    static func keep(_ hits: [LinkHit], in database: Database, _ meters: Meters, _ logger: Logger) async throws {
        do {
            try await database.run(InsertLinkHits(hits), within: .seconds(5))
        } catch let error as StoreError where error.isDataError {
            guard hits.count > 1 else {
                meters.count("martlet_link_visits_lost_total")
                return logger.error(
                    "a link hit cannot be kept; it is lost",
                    metadata: ["message_id": "\(hits[0].messageID)", "error": "\(error)"])
            }
            try await keep(Array(hits.prefix(hits.count / 2)), in: database, meters, logger)
            try await keep(Array(hits.dropFirst(hits.count / 2)), in: database, meters, logger)
        }
    }

    /// One that cannot be judged is taken away, so that the others are.
    private func setAside(_ refusal: StoreError) async {
        do {
            guard let message = try await database.run(DropLinkHit(), within: .seconds(5)) else { return }
            meters.count("martlet_link_visits_lost_total")
            logger.error(
                "a link hit cannot be judged; it is lost", metadata: ["message_id": "\(message)", "error": "\(refusal)"])
        } catch {
            logger.warning("a link hit that cannot be judged stays", metadata: ["error": "\(error)"])
        }
    }
}
