import Domain
import Store
import Telemetry

/// Render, the stage: renders a batch by the policy, the prices and the routes of this instant, and ends the messages that cannot be sent as they are.
struct RenderStage: Sendable {
    let shared: SharedState
    let database: Database
    let providerQueues: ProviderQueues
    let refusal: Refusal
    let meters: Meters

    func run(_ batch: Claim.Batch) async throws -> [Work] {
        let claimed = batch.messages
        let snapshot = shared.policy
        let requeued = claimed.filter { $0.lease.series > 0 }.map(\.lease.messageID)
        let overrides = requeued.isEmpty ? [] : try await database.run(LoadRequeues(messageIDs: requeued))
        let now = shared.databaseNow()
        let render = Render(
            snapshot: snapshot, prices: snapshot.prices(at: now), router: snapshot.router(at: now),
            overrides: Dictionary(overrides.map { ($0.messageID, $0) }) { $1 }, availability: providerQueues.availability)
        let rendered = render.render(claimed)
        for (code, count) in rendered.warnings { meters.count("martlet_render_warnings_total", [("code", code)], by: count) }
        guard !rendered.failed.isEmpty else { return rendered.works }
        let over = try await refusal.end(rendered.failed)
        for failure in rendered.failed {
            if let kind = over[failure.lease.messageID] {
                meters.count("martlet_not_admitted_total", [("reason", kind)])
            } else {
                meters.count("martlet_recorded_total", [("as", "dead"), ("reason", failure.reason.code)])
            }
        }
        return rendered.works
    }
}
