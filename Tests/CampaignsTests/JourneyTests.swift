import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("Journeys: a person, a row, each step once", .serialized, .timeLimit(.minutes(5)))
struct JourneyTests {
    @Test("an event lets people in, and each message is sent once, in its time")
    func cart() async throws {
        try await JourneyShop.with { journeys in
            try await journeys.tell("cart.left", 1)
            try await journeys.tell("cart.left", 1)
            try await journeys.tell("cart.left", 2)
            try await journeys.takeSteps()
            #expect(try await journeys.places() == ["c-1": "hour:in", "c-2": "hour:in"])
            #expect(try await journeys.messages() == [])
            try await journeys.pass("1 hour")
            try await journeys.tell("cart.emptied", 2)
            try await journeys.takeSteps()
            #expect(try await journeys.places() == ["c-1": "day:in", "c-2": "hour:exited:cart.emptied"])
            #expect(try await journeys.messages() == ["c-1 first"])
            try await journeys.pass("23 hours")
            try await journeys.takeSteps()
            #expect(try await journeys.places() == ["c-1": "second:done:end", "c-2": "hour:exited:cart.emptied"])
            #expect(
                try await journeys.shop.texts(
                    "select recipient_key || ' ' || address || ' ' || (variables->>'text') || ' ' || group_key from martlet_data.messages"
                )
                    == Array(repeating: "c-1 +447700000001 no 1 journey:1", count: 2))
            #expect(try await journeys.shop.number("select count(*) from martlet_data.ready") == 2)
            // After the end they may enter once more.
            try await journeys.tell("cart.left", 1)
            #expect(try await journeys.shop.number("select entry from martlet_data.journey_people where person = 'c-1'") == 2)
        }
    }

    @Test(
        "re-entry: never is never, always begins anew and takes back what was not sent",
        arguments: ["never", "after_end", "always"])
    func reEntry(rule: String) async throws {
        try await JourneyShop.with(JourneyShop.cart.replacing("after_end", with: rule)) { journeys in
            try await journeys.tell("cart.left", 1)
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            try await journeys.tell("cart.left", 1)
            #expect(try await journeys.places() == ["c-1": rule == "always" ? "hour:in" : "day:in"])
            #expect(
                try await journeys.shop.number("select count(*) from martlet_data.cancellations") == (rule == "always" ? 1 : 0))
            try await journeys.tell("order.paid", 1)
            try await journeys.tell("cart.left", 1)
            #expect(try await journeys.places() == ["c-1": rule == "never" ? "day:goal:order.paid" : "hour:in"])
        }
    }

    @Test("conditions and declared data decide at the door, and what is missing is told")
    func door() async throws {
        let yaml = JourneyShop.cart.replacing(
            "data: [text]", with: "where: {total: {at_least: 50}, country: [CN, HK]}, data: [name]")
        try await JourneyShop.with(yaml) { journeys in
            try await journeys.tell("cart.left", 1, #"{"total": 49, "country": "CN", "name": "Ann"}"#)
            try await journeys.tell("cart.left", 2, #"{"total": 50, "country": "HK", "name": "Bob"}"#)
            try await journeys.tell("cart.left", 3, #"{"total": 50, "country": "CN", "name": " "}"#)
            try await journeys.tell("cart.left", 4, #"{"country": "CN", "name": "Dan"}"#)
            #expect(try await journeys.places() == ["c-2": "hour:in", "c-3": "hour:failed:the event lacks: name"])
            try await journeys.tell("cart.left", 3, #"{"total": 50, "country": "CN", "name": "Cat"}"#)
            #expect(try await journeys.places()["c-3"] == "hour:in")
        }
    }

    @Test("who is known by an address gets messages there, in the spelling of the event, whatever the key of the person is")
    func addressAsKey() async throws {
        try await JourneyShop.with { journeys in
            try await journeys.shop.script(
                "select martlet.event('cart.left', '+5511987654321', '{\"text\": \"x\"}'), martlet.event('cart.left', 'Ann@Example.com', '{\"text\": \"x\"}')"
            )
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            #expect(try await journeys.shop.texts("select address from martlet_data.messages") == ["+5511987654321"])
            #expect(try await journeys.messages().contains("ann@example.com first no_address"))
            try await journeys.shop.script("select martlet.event('order.paid', '+551187654321')")
            #expect(try await journeys.places().values.filter { $0 == "day:goal:order.paid" }.count == 1)
        }
    }

    @Test("an event and the end of its time: one branch, whichever row lock comes first, 300 times from eight sides")
    func eventAgainstTimer() async throws {
        let yaml = """
            entry: {event: cart.left}
            re_entry: never
            time_zone: Europe/London
            class: marketing
            channel: sms
            steps:
              wait: {wait_for: order.paid, within: 1h, then: thanks, else: late}
              thanks: {send: note, then: end}
              late: {send: note}

            """
        try await JourneyShop.with(yaml) { journeys in
            for person in 1...300 { try await journeys.tell("cart.left", person) }
            try await journeys.takeSteps()
            try await journeys.shop.script(
                "update martlet_data.journey_people set due_at = clock_timestamp() + random() * interval '1 second', until_at = due_at"
            )
            try await journeys.shop.script("update martlet_data.journey_people set until_at = due_at")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<4 {
                    group.addTask {
                        let connection = try await journeys.shop.scratch.connect()
                        for person in (1...300).shuffled() where person % 4 == part {
                            try await journeys.tell("order.paid", person, on: connection)
                        }
                        await connection.close()
                    }
                    group.addTask {
                        let end = ContinuousClock.now + .seconds(3)
                        while ContinuousClock.now < end { try await journeys.takeSteps() }
                    }
                }
                try await group.waitForAll()
            }
            try await journeys.takeSteps()
            let places = try await journeys.places()
            #expect(places.count == 300 && places.values.allSatisfy { $0 == "thanks:done:end" || $0 == "late:done:end" })
            let messages = try await journeys.messages()
            #expect(messages.count == 300)
            #expect(Set(messages) == Set(places.map { "\($0.key) \($0.value.split(separator: ":")[0])" }))
            // Both ways were gone.
            #expect(Set(places.values).count == 2)
        }
    }

    @Test("a step that cannot be taken for one person is taken for the others; it is tried again, told, and given up in the end")
    func oneBadPerson() async throws {
        try await JourneyShop.with { journeys in
            for person in 1...40 { try await journeys.tell("cart.left", person) }
            // As data that changed by hand: the template needs text.
            try await journeys.shop.script(
                "update martlet_data.journey_people set data = '{\"sms\": \"+447700000007\"}' where person = 'c-7'")
            try await journeys.shop.script(
                "update martlet_data.journey_people set data = '{\"text\": \"x\"}' where person = 'c-8'")
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            let places = try await journeys.places()
            #expect(places.filter { $0.value == "day:in" }.count == 39)
            #expect(
                places["c-7"]?.hasPrefix("hour:in:field variables: text is missing or empty") == true, "\(places["c-7"] ?? "")")
            #expect(try await journeys.messages().count == 39)
            #expect(try await journeys.messages().contains("c-8 first no_address"))
            #expect(
                try await journeys.store.run(
                    ListJourneyPeople(journey: "cart", state: "failing", step: nil, person: nil, limit: 9)
                ).map(\.state) == ["in"])
            for _ in 1...9 {
                try await journeys.pass("2 hours")
                try await journeys.takeSteps()
            }
            #expect(try await journeys.places()["c-7"]?.hasPrefix("hour:failed") == true)
            #expect(
                try await journeys.shop.number("select count(*) from martlet_data.journey_messages where person = 'c-7'") == 0)
        }
    }

    @Test("codes: each message has its own; without codes people wait, and go on when some are loaded")
    func codes() async throws {
        var policy = ShopPolicy()
        policy.moreTemplates = [
            Template(key: "offer", locale: "default", channel: .sms, body: "{{text}}: {{coupon}}", required: ["text", "coupon"])
        ]
        let yaml = JourneyShop.cart.replacing(
            "first: {send: note}", with: "first: {send: offer, codes: cart-10, code_as: coupon}")
        try await JourneyShop.with(yaml, policy: policy) { journeys in
            for person in 1...10 { try await journeys.tell("cart.left", person) }
            try await journeys.takeSteps()
            _ = try await journeys.store.run(LoadCodes(pool: "cart-10", codes: (1...6).map { "A\($0)" }))
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            #expect(try await journeys.places().values.filter { $0 == "day:in" }.count == 6)
            #expect(try await journeys.places().values.filter { $0.hasPrefix("hour:in:pool cart-10 has") }.count == 4)
            _ = try await journeys.store.run(LoadCodes(pool: "cart-10", codes: (1...6).map { "B\($0)" }))
            try await journeys.pass("1 minute")
            try await journeys.takeSteps()
            #expect(try await journeys.places().values.filter { $0 == "day:in" }.count == 10)
            #expect(
                try await journeys.shop.number("select count(distinct variables->>'coupon') from martlet_data.messages") == 10)
        }
    }

    @Test("people keep their version, and are moved when that is asked for: removed steps lead where the file says")
    func versions() async throws {
        try await JourneyShop.with { journeys in
            for person in 1...3 { try await journeys.tell("cart.left", person) }
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            try await journeys.tell("cart.left", 4)
            try await journeys.takeSteps()
            let yaml = JourneyShop.cart.replacing("day: {wait: 23h}", with: "days: {wait: 2d}").replacing(
                "hour: {wait: 1h}", with: "hour: {wait: 2h}")
            #expect(try await journeys.apply(yaml).version == 2)
            #expect(try await journeys.apply(yaml).isNew == false)
            try await journeys.tell("cart.left", 5)
            #expect(
                try await journeys.store.run(JourneySteps(journey: "cart")).map { "\($0.version) \($0.step) \($0.people)" } == [
                    "1 day 3", "1 hour 1", "2 hour 1",
                ])
            let error = await #expect(throws: StoreError.self) { try await journeys.apply(yaml, moves: [:]) }
            #expect(error?.sqlstate == "MT036")
            #expect(try await journeys.apply(yaml, moves: ["day": "second"]).moved == 4)
            try await journeys.takeSteps()
            let places = try await journeys.places()
            #expect(
                places == [
                    "c-1": "second:done:end", "c-2": "second:done:end", "c-3": "second:done:end", "c-4": "hour:in",
                    "c-5": "hour:in",
                ])
            #expect(try await journeys.shop.number("select count(*) from martlet_data.journey_people where version = 2") == 5)
        }
    }
}
