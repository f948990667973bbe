import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport

/// A shop with an audience and a campaign, whose runs the test starts and releases.
struct CampaignShop: Sendable {
    let shop: Shop
    var store: Database { shop.store }

    static let yaml = "audience: people\nclass: marketing\nchannel: sms\ntemplate: note\ntime_zone: Europe/London\n"

    /// `people` persons `c-1 …`, whose numbers follow one another.
    static func with(
        people: Int, _ yaml: String = yaml, policy: ShopPolicy = ShopPolicy(), zone: String = "null",
        _ body: (CampaignShop) async throws -> Void
    ) async throws {
        try await Shop.with(policy) { shop in
            let campaigns = CampaignShop(shop: shop)
            try await campaigns.audience(people, zone: zone)
            _ = try await shop.store.run(ApplyCampaign(name: "spring", definition: yaml))
            try await body(campaigns)
        }
    }

    func audience(_ people: Int, first: Int = 1, zone: String = "null") async throws {
        _ = try await store.run(
            CreateAudience(
                name: "people",
                query: """
                    select 'c-' || g as person, '+44' || (7700000000 + g) as sms, (\(zone))::text as time_zone, json_build_object('text', 'no ' || g) as variables
                    from generate_series(\(first), \(first + people - 1)) g
                    """))
    }

    func start() async throws -> Int32 { try await StartRun(campaign: "spring").run(on: store).run }

    /// Releases what is due until there is nothing left.
    func releaseAll() async throws {
        while try await store.run(ReleaseChunk(room: 1_000_000)) != nil {}
    }

    /// Members by `state` or `state:reason`.
    func states(_ run: Int32) async throws -> [String: Int64] {
        var states: [String: Int64] = [:]
        for count in try await store.run(RunReport(run: run)) {
            states[count.reason.map { "\(count.state):\($0)" } ?? count.state, default: 0] += count.members
        }
        return states
    }

    /// A worker of its own for as long as `body` takes.
    func withWorker<T>(_ name: String = "w", _ body: () async throws -> T) async throws -> T {
        let worker = try WorkerProgram.start(in: shop, name: name)
        do {
            let value = try await body()
            _ = try await worker.terminate()
            return value
        } catch {
            worker.kill(SIGKILL)
            throw error
        }
    }
}
