import Campaigns
import Domain
import Foundation
import Logging
import PipelineSupport
import Postgres
import Settings
import Store
import Telemetry
import TestSupport

/// A shop with a journey, whose events the test tells and whose steps the test or a worker takes.
struct JourneyShop: Sendable {
    let shop: Shop
    let runner: JourneyRunner
    var store: Database { shop.store }

    static let cart = """
        entry: {event: cart.left, data: [text]}
        re_entry: after_end
        time_zone: Europe/London
        goals: [order.paid]
        exits: [cart.emptied]
        class: marketing
        channel: sms
        steps:
          hour: {wait: 1h}
          first: {send: note}
          day: {wait: 23h}
          second: {send: note}

        """

    static func with(
        _ yaml: String = cart, policy: ShopPolicy = ShopPolicy(), _ body: (JourneyShop) async throws -> Void
    ) async throws {
        try await Shop.with(policy) { shop in
            let journeys = JourneyShop(
                shop: shop, runner: JourneyRunner(database: shop.store, meters: Meters(), logger: .init(label: "test")))
            _ = try await journeys.apply(yaml)
            try await body(journeys)
        }
    }

    @discardableResult
    func apply(
        _ yaml: String, name: String = "cart", moves: [String: String?]? = nil, changed: [String] = []
    ) async throws -> ApplyJourney.Answer {
        let journey = try JourneyFiles.parse(yaml, name: name, known: nil)
        return try await store.run(ApplyJourney(journey, definition: yaml, moves: moves, changed: changed))
    }

    static func address(_ person: Int) -> String { "+44\(7_700_000_000 + person)" }

    func tell(_ event: String, _ person: Int, _ data: String = "{}", on other: PQConnection? = nil) async throws {
        _ = try await (other ?? shop.connection).value(
            "select martlet.event('\(event)', 'c-\(person)', '\(data)'::jsonb || jsonb_build_object('sms', '\(Self.address(person))', 'text', 'no \(person)'))"
        )
    }

    /// As if the time had passed: what is due in it is due now.
    func pass(_ time: String) async throws {
        try await shop.script(
            """
            update martlet_data.journey_people set due_at = due_at - interval '\(time)', until_at = until_at - interval '\(time)', entered_at = entered_at - interval '\(time)';
            update martlet_data.receipts set at = at - interval '\(time)'
            """)
    }

    /// Takes all steps that are due.
    func takeSteps() async throws {
        while try await runner.round() {}
    }

    /// `step:state` of each person.
    func places() async throws -> [String: String] {
        var places: [String: String] = [:]
        for line in try await shop.texts(
            "select person || ' ' || step || ':' || state || coalesce(':' || reason, '') from martlet_data.journey_people")
        {
            let parts = line.split(separator: " ", maxSplits: 1)
            places[String(parts[0])] = String(parts[1])
        }
        return places
    }

    /// Messages by `person step`, with the state of each.
    func messages() async throws -> [String] {
        try await shop.texts(
            "select person || ' ' || step || coalesce(' ' || reason, '') from martlet_data.journey_messages order by 1")
    }

    func withWorker<T>(_ name: String = "w", _ body: () async throws -> T) async throws -> T {
        try await CampaignShop(shop: shop).withWorker(name, body)
    }
}
