import Domain
import PipelineSupport
import Postgres
import Settings
import Store
import TestSupport
import Testing
import Text

@testable import Campaigns

@Suite("The steps of a journey, on a virtual clock")
struct JourneyTurnTests {
    static let yaml = """
        entry: {event: cart.left}
        re_entry: never
        time_zone: UTC
        class: marketing
        channel: sms
        variables: {shop: Martlet, name: you}
        steps:
          big: {if: {total: {at_least: 100}}, else: hour}
          greet: {send: note}
          hour: {wait: 1h, until: 10:00-12:00}
          mail: {send: letter, channel: email}
          opened: {if_message: mail, is: opened, within: 1h, then: paid, else: text}
          text: {send: note}
          paid: {wait_for: order.paid, where: {kind: full}, within: 24h, then: thanks, else: end}
          thanks: {end: thanked}

        """

    static func journey() throws -> Journey { try JourneyFiles.parse(yaml, name: "cart", known: nil) }
    static let noon = Timestamp(microseconds: 1_750_000_000_000_000 / 86_400_000_000 * 86_400_000_000 + 12 * 3_600_000_000)
    static func data(_ text: String) throws -> [JSONValue.Member] {
        guard case .object(let members) = try JSONValue.read(Array(text.utf8)) else { return [] }
        return members
    }

    @Test("a person takes all steps up to one that waits; a branch looks at the data; a wait ends inside its window")
    func steps() throws {
        let journey = try Self.journey()
        for (total, sends, steps) in [(99, [], 1), (100, ["greet"], 2)] {
            let turn = journey.turn(
                JourneyPlace(step: "big", data: try Self.data(#"{"total": \#(total)}"#)), now: Self.noon, clock: .utc)
            #expect(turn.sends.map(\.step) == sends)
            #expect(turn.step == "hour" && turn.ends == nil && turn.awaits == nil && turn.steps == steps)
            // An hour after noon the window is shut until the next morning.
            #expect(turn.dueAt == Self.noon + .seconds(22 * 3600))
        }
    }

    @Test("a wait that is over is not waited for again; the step after it looks at its message an hour after it")
    func afterWait() throws {
        var place = JourneyPlace(step: "hour")
        place.isWaiting = true
        let turn = try Self.journey().turn(place, now: Self.noon, clock: .utc)
        #expect(turn.sends.map(\.step) == ["mail"] && turn.sends.first?.send.channel == .email)
        #expect(turn.step == "opened" && turn.looksAt == "mail" && turn.dueAt == Self.noon + .seconds(3600))
    }

    @Test(
        "what became of a message decides, and the time counts from when a provider took it",
        arguments: [
            (JourneyPlace.Seen.opened, 0, "paid"), (.clicked, 0, "paid"), (.delivered, 3600, "text"), (.accepted, 3600, "text"),
            (.accepted, 3599, "wait"), (.delivered, 10, "wait"), (.ended, -1, "text"), (.open, -1, "soon"),
        ] as [(JourneyPlace.Seen, Int, String)])
    func looks(seen: JourneyPlace.Seen, after: Int, leads: String) throws {
        var place = JourneyPlace(step: "opened", isWaiting: true)
        place.seen = seen
        place.acceptedAt = after < 0 ? nil : Self.noon - .seconds(after)
        let turn = try Self.journey().turn(place, now: Self.noon, clock: .utc)
        switch leads {
        case "paid": #expect(turn.step == "paid" && turn.sends.isEmpty)
        case "text": #expect(turn.step == "paid" && turn.sends.map(\.step) == ["text"])
        case "soon": #expect(turn.step == "opened" && turn.dueAt == Self.noon + .seconds(60))
        default: #expect(turn.step == "opened" && turn.dueAt == Self.noon + .seconds(3600 - after))
        }
    }

    @Test("an event that fits leads one way, the end of the time the other; an event that does not fit leaves the time as it was")
    func waitsFor() throws {
        let journey = try Self.journey()
        let until = Self.noon + .seconds(60)
        var place = JourneyPlace(step: "paid", isWaiting: true, until: until, data: try Self.data(#"{"kind": "none", "n": 1}"#))
        place.arrived = [try Self.data(#"{"kind": "part"}"#)]
        let waits = journey.turn(place, now: Self.noon, clock: .utc)
        #expect(waits.awaits == "order.paid" && waits.dueAt == until && waits.until == until)
        place.arrived.append(try Self.data(#"{"kind": "full", "n": 2}"#))
        let paid = journey.turn(place, now: Self.noon, clock: .utc)
        #expect(paid.ends == "thanked" && paid.step == "thanks" && paid.dueAt == nil)
        #expect(paid.data == (try Self.data(#"{"kind": "full", "n": 2}"#)))
        // Both at once: the event was there before anybody took the end of the time.
        #expect(journey.turn(place, now: until + .seconds(9), clock: .utc).ends == "thanked")
        place.arrived = []
        #expect(journey.turn(place, now: until, clock: .utc).ends == "end")
    }

    @Test("a person at a step that the version does not have leaves, and says so")
    func lostStep() throws {
        let turn = try Self.journey().turn(JourneyPlace(step: "gone"), now: Self.noon, clock: .utc)
        #expect(turn.ends == "step gone is not in this version")
    }

    @Test("a condition holds here when it holds in PostgreSQL")
    func conditionsAgree() async throws {
        let tests: [Journey.Condition.Test] = [
            .oneOf([.text("a")]), .oneOf([.text("a"), .number(5)]), .oneOf([.flag(true)]), .not(.text("a")), .not(.number(5)),
            .atLeast(5), .atMost(5), .oneOf([.text("qu\"o\\te'é\u{1}")]), .not(.flag(false)),
        ]
        let values = [
            "5", "5.0", "4.9", "50e-1", "\"5\"", "\"a\"", "\"b\"", "true", "false", "null", "[5]", "[\"a\"]", "{}", "\"\"",
            "\"qu\\\"o\\\\te'é\\u0001\"", "-1e30",
        ]
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect()
            for test in tests {
                for (field, shapes) in [
                    (["x"], values.map { "{\"x\": \($0)}" } + ["{}", "{\"y\": 5}"]),
                    (["a b", "c"], values.map { "{\"a b\": {\"c\": \($0)}}" } + ["{\"a b\": 5}", "{\"a b\": [{\"c\": 5}]}"]),
                ] {
                    let condition = Journey.Condition(field: field, test: test)
                    let path = try #require(Journey.Condition.path([condition]))
                    for shape in shapes {
                        let answer = try await connection.query(
                            PQCall("match", "select coalesce($1::jsonb @@ $2::text::jsonpath, false)") {
                                $0.jsonb(shape)
                                $0.text(path)
                            }
                        ).only.bool(0)
                        #expect(condition.holds(for: try Self.data(shape)) == answer, "\(path) of \(shape)")
                    }
                }
            }
        }
    }
}
