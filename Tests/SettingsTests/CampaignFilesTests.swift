import Domain
import Foundation
import Settings
import Testing

@Suite("campaigns/*.yaml")
struct CampaignFilesTests {
    private static let config = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Config").path(percentEncoded: false)

    private static func known() throws -> CampaignFiles.Known {
        CampaignFiles.Known(
            policy: try PolicyFiles.parse(shipped()), templates: try TemplateFiles.read(directory: config + "/templates"))
    }

    static let sale = """
        audience: members
        class: marketing
        channel: sms
        variants:
          short: {template: flash-sale, share: 45%}
          long: {template: win-back, share: 42.5%}
        holdout: 12.5%
        variables: {discount: "10"}
        window: 10:00-20:00
        missed: skip
        time_zone: Europe/London
        start: 2027-03-01 09:00
        pace: 600/m
        codes: spring-codes
        goal: order.paid
        four_eyes: 100000

        """

    @Test("every field is read")
    func everything() throws {
        let campaign = try CampaignFiles.parse(Self.sale, name: "spring", known: Self.known())
        var expected = Campaign(
            name: "spring", audience: "members", messageClass: "marketing", channel: .sms,
            variants: [
                .init(name: "short", template: "flash-sale", share: 4500), .init(name: "long", template: "win-back", share: 4250),
                .init(name: "holdout", template: nil, share: 1250),
            ], seed: "spring", timeZone: "Europe/London")
        expected.variables = ["discount": "10"]
        expected.window = Campaign.Window(from: 600, until: 1200)
        expected.missed = .skip
        expected.start = Campaign.LocalTime(text: "2027-03-01 09:00")
        expected.pace = 10
        expected.pool = "spring-codes"
        expected.goal = "order.paid"
        expected.fourEyes = 100_000
        #expect(campaign == expected)
    }

    @Test("one template needs no variants; its seed is the campaign's name")
    func simple() throws {
        let campaign = try CampaignFiles.parse(
            "audience: members\nclass: marketing\nchannel: sms\ntemplate: flash-sale\ntime_zone: Europe/London\n", name: "spring",
            known: Self.known())
        #expect(campaign.variants == [.init(name: "all", template: "flash-sale", share: 10_000)])
        #expect(campaign.seed == "spring" && campaign.window == nil && campaign.pace == nil)
    }

    @Test(
        "each mistake is told with its line, its field and what to do",
        arguments: [
            ("audience: members\n", "", "spring.yaml:1:1: audience is missing; the name of a list of people"),
            (
                "class: marketing", "class: marketting",
                "spring.yaml:2:8: class: unknown class `marketting`; did you mean marketing?"
            ),
            ("channel: sms", "channel: smss", "spring.yaml:3:10: channel: unknown channel `smss`; did you mean sms?"),
            (
                "flash-sale,", "flash-sail,",
                "spring.yaml:5:21: variants.short.template: no template `flash-sail` for channel sms; did you mean flash-sale?"
            ),
            (
                "45%", "0.45",
                "spring.yaml:5:40: variants.short.share: `0.45` is not a share; write a percentage with at most two digits behind the point, such as 12.5%"
            ),
            ("45%", "44%", "spring.yaml:5:3: variants: the shares and the holdout add up to 99%, not 100%; correct one of them"),
            (
                "  short:", "  holdout:",
                "spring.yaml:5:3: variants.holdout: `holdout` is not a name of a variant; set the key holdout instead"
            ),
            (
                "holdout: 12.5%", "holdout: 12.5%\ntemplate: flash-sale",
                "spring.yaml:5:3: variants: is beside template; keep one of them"
            ),
            (
                "discount:", "code:",
                "spring.yaml:8:19: variables.code: is taken: a code of the pool has that name; choose another name"
            ),
            (
                "10:00-20:00", "23:00-07:00",
                "spring.yaml:9:9: window: lies wholly in the quiet hours of class marketing (22:00-08:00): it would never open; choose hours outside of them"
            ),
            (
                "10:00-20:00", "10-20",
                "spring.yaml:9:9: window: `10-20` is not a window of hours; write local times such as 22:00-08:00"
            ),
            ("missed: skip", "missed: later", "spring.yaml:10:9: missed: `later` is not known here; known: now, skip, tomorrow"),
            ("window: 10:00-20:00\n", "", "spring.yaml:9:9: missed: needs a window; set window, or leave it out"),
            (
                "time_zone: Europe/London\n", "",
                "spring.yaml:1:1: time_zone is missing; the zone of the times in this file, and of people without one"
            ),
            (
                "2027-03-01 09:00", "2027-02-29 09:00",
                "spring.yaml:12:8: start: `2027-02-29 09:00` is not a time; write the time in time_zone, such as 2027-03-01 09:00"
            ),
            (
                "600/m", "600",
                "spring.yaml:13:7: pace: `600` is not a rate; write segments per time, such as 100/s, 30/m or 5000/h"
            ),
            (
                "order.paid", "Order paid",
                "spring.yaml:15:7: goal: `Order paid` is not the name of an event; use lower-case letters, digits, -, _ and dots, such as order.paid"
            ),
            (
                "four_eyes: 100000", "four_eyes: 0",
                "spring.yaml:16:12: four_eyes: 0 is out of range; write a number from 1 to 100000000"
            ),
            ("goal:", "gaol:", "spring.yaml:15:1: gaol: unknown key; did you mean goal?"),
        ])
    func mistakes(piece: String, replacement: String, problem: String) throws {
        try #require(Self.sale.contains(piece))
        let errors = #expect(throws: ConfigErrors.self) {
            try CampaignFiles.parse(
                Self.sale.replacing(piece, with: replacement, maxReplacements: 1), name: "spring", known: Self.known())
        }
        #expect(errors?.problems.map(\.description) == [problem])
    }

    @Test("the shipped campaigns are valid")
    func shippedCampaigns() throws {
        #expect(try CampaignFiles.read(directory: Self.config + "/campaigns", known: Self.known()).count >= 3)
    }
}
