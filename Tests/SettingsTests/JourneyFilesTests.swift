import Domain
import Foundation
import Settings
import Testing

@Suite("journeys/*.yaml")
struct JourneyFilesTests {
    private static let config = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Config").path(percentEncoded: false)

    private static func known() throws -> JourneyFiles.Known {
        JourneyFiles.Known(
            policy: try PolicyFiles.parse(shipped()), templates: try TemplateFiles.read(directory: config + "/templates"))
    }

    static let cart = """
        entry: {event: cart.left, where: {total: {at_least: 50}, country: [CN, "86", 86], gift: true}, data: [name, item]}
        re_entry: after_end
        time_zone: Asia/Shanghai
        goals: [order.paid]
        exits: [cart.emptied]
        class: marketing
        channel: sms
        variables: {discount: "10", until: "Sunday"}
        steps:
          hour: {wait: 1h, until: 09:00-21:00}
          first: {send: cart-reminder, codes: cart-10, code_as: coupon}
          seen: {if_message: first, is: clicked, within: 1h, then: wait-it, else: big}
          big: {if: {total: {at_least: 500}}, then: second, else: end}
          second: {send: flash-sale}
          wait-it: {wait_for: cart.changed, where: {n: {not: 0}}, within: 24h, then: fin, else: fin}
          fin: {end: thanked}
        removed: {old: second, older: end}

        """

    @Test("every field is read")
    func everything() throws {
        let journey = try JourneyFiles.parse(Self.cart, name: "cart", known: Self.known())
        var expected = Journey(
            name: "cart",
            entry: .event(
                "cart.left",
                conditions: [
                    .init(field: ["total"], test: .atLeast(50)),
                    .init(field: ["country"], test: .oneOf([.text("CN"), .text("86"), .number(86)])),
                    .init(field: ["gift"], test: .oneOf([.flag(true)])),
                ], data: ["name", "item"]), reEntry: .afterEnd, timeZone: "Asia/Shanghai",
            steps: [
                .init(name: "hour", action: .wait(.seconds(3600), until: .init(from: 540, until: 1260)), next: "first"),
                .init(
                    name: "first",
                    action: .send(
                        .init(
                            template: "cart-reminder", messageClass: "marketing", channel: .sms,
                            variables: ["discount": "10", "until": "Sunday"], pool: "cart-10", codeVariable: "coupon")),
                    next: "seen"),
                .init(
                    name: "seen", action: .look(step: "first", sign: .clicked, within: .seconds(3600), otherwise: "big"),
                    next: "wait-it"),
                .init(
                    name: "big", action: .branch([.init(field: ["total"], test: .atLeast(500))], otherwise: nil), next: "second"),
                .init(
                    name: "second",
                    action: .send(
                        .init(
                            template: "flash-sale", messageClass: "marketing", channel: .sms,
                            variables: ["discount": "10", "until": "Sunday"])), next: "wait-it"),
                .init(
                    name: "wait-it",
                    action: .waitFor(
                        event: "cart.changed", conditions: [.init(field: ["n"], test: .not(.number(0)))],
                        within: .seconds(86_400),
                        otherwise: "fin"), next: "fin"),
                .init(name: "fin", action: .end("thanked"), next: nil),
            ])
        expected.goals = ["order.paid"]
        expected.exits = ["cart.emptied"]
        expected.removed = ["old": "second", "older": nil]
        #expect(journey == expected)
    }

    @Test(
        "each mistake is told with its line, its field and what to do",
        arguments: [
            ("re_entry: after_end\n", "", "re_entry is missing; never, after_end or always"),
            ("send: flash-sale", "send: flash-sail", "no template `flash-sail` for channel sms; did you mean flash-sale?"),
            ("class: marketing", "class: marketting", "class: unknown class `marketting`; did you mean marketing?"),
            ("then: second", "then: secnd", "steps.big.then: unknown step `secnd`; did you mean second?"),
            (
                "then: second", "then: first",
                "`first` is not after this step: the journey would never end; name a later step, or end"
            ),
            (", else: end}", "}", "steps.big: else is missing; where other people go, or end"),
            ("wait_for: cart.changed", "wait_for: order.paid", "order.paid is waited for by a step; leave it out of goals"),
            ("goals: [order.paid]", "goals: [cart.left]", "cart.left lets people in; name another event"),
            ("if_message: first", "if_message: second", "`second` is no step before this one; known: first, hour"),
            ("then: second", "then: wait-it", "steps.second: no step leads here; name it under then or else of a step before it"),
            ("data: [name, item]", "data: [name]", "needs item; name what the event brings under entry.data, or set variables"),
            ("wait: 1h", "wait: 1 hour", "`1 hour` is not a duration"),
            ("fin: {end", "fin: {wait: 1h, end", "says several things: wait, end; write one of send, wait"),
            ("is: clicked", "is: klicked", "did you mean clicked?"),
            ("{n: {not: 0}}", "{n: {no: 0}}", "unknown key; did you mean not?"),
            ("removed: {old", "removed: {big", "`big` is a step of this file"),
            (
                "entry: {event: cart.left, where", "entry: {audience: members, where",
                "is for events; choose the people in the audience's query"
            ),
        ])
    func mistakes(text: String, wrong: String, told: String) throws {
        try #require(Self.cart.contains(text))
        let error = #expect(throws: ConfigErrors.self) {
            try JourneyFiles.parse(Self.cart.replacing(text, with: wrong, maxReplacements: 1), name: "cart", known: Self.known())
        }
        let problems = error?.problems.map { "\($0)" } ?? []
        #expect(
            problems.contains { $0.contains(told) && $0.wholeMatch(of: /cart\.yaml:[0-9]+:[0-9]+: .*/) != nil }, "\(problems)")
    }
}
