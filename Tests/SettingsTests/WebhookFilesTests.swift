import Domain
import Foundation
import Settings
import Testing

@Suite("webhooks.yaml, confirm.yaml and templates that ask")
struct WebhookFilesTests {
    private static let shipped = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Config/policy").path(percentEncoded: false)

    private static func parse(_ files: [String: String]) throws -> Policy {
        let texts = try PolicyFiles.read(directory: shipped)
        return try PolicyFiles.parse(texts.merging(files) { $1 })
    }

    private static func problems(_ file: String, _ text: String) throws -> [String] {
        do {
            _ = try parse([file: text])
            return []
        } catch let errors as ConfigErrors {
            return errors.problems.map(\.description)
        }
    }

    @Test("an endpoint is a provider, a route and the class webhook; without endpoints there is none of them")
    func endpoint() throws {
        let none = try Self.parse([:])
        #expect(none.webhooks.isEmpty && none.classes["webhook"] == nil && !none.routes.contains { $0.channel == .webhook })
        let policy = try Self.parse([
            "webhooks.yaml": """
            endpoints:
              shop:
                url: https://shop.example.com/events
                secret_file: /etc/martlet/webhook
                events: [inbound.received, message.clicked]
                classes: [marketing]
                group_prefixes: [spring-]
                timeout: 5s
              shop2:
                url: https://shop.example.com/other
                secret_file: /etc/martlet/webhook
                events: [message.delivered]
            """
        ])
        #expect(
            policy.webhooks.first
                == WebhookEndpoint(
                    name: "shop", events: ["inbound.received", "message.clicked"], classes: ["marketing"],
                    groupPrefixes: ["spring-"]))
        #expect(policy.classes["webhook"] == Webhooks.standardClass && Webhooks.standardClass.keepsExpired)
        #expect(
            policy.providers["webhook-shop"]?.transport == "webhook" && policy.providers["webhook-shop"]?.timeout == .seconds(5))
        for (address, provider) in [("shop", "webhook-shop"), ("shop2", "webhook-shop2")] {
            let message = Message(
                id: MessageID(1), messageClass: "webhook", channel: .webhook, recipientKey: address, address: address,
                template: "webhook", createdAt: Timestamp(microseconds: 0), expiresAt: Timestamp(microseconds: 1))
            #expect(Router(policy).provider(for: message, sender: "shop")?.name == provider)
        }
    }

    @Test(
        "a mistake is reported with its place and its remedy",
        arguments: [
            (
                "events: [inbound.recieved]",
                "endpoints.shop.events[0]: `inbound.recieved` is no event; did you mean inbound.received?"
            ),
            ("events: []", "endpoints.shop.events: is empty; name at least one event"),
            ("classes: [no-such]", "endpoints.shop.classes[0]: there is no class `no-such`"),
            ("secret_fil: x", "endpoints.shop.secret_fil: unknown key; did you mean secret_file?"),
            ("timeout: 5 min", "endpoints.shop.timeout: `5 min` is not a duration"),
        ])
    func mistakes(line: String, report: String) throws {
        let events = line.hasPrefix("events") ? "" : "\n    events: [inbound.received]"
        let text = "endpoints:\n  shop:\n    url: https://a.example/\n    secret_file: /x\(events)\n    \(line)\n"
        let problems = try Self.problems("webhooks.yaml", text)
        #expect(problems.contains { $0.contains(report) }, "\(problems)")
    }

    @Test("an endpoint without url, secret or events is refused; so is a provider of its channel")
    func missing() throws {
        let found = try Self.problems("webhooks.yaml", "endpoints:\n  shop:\n    rate: 1/s\n").joined(separator: "\n")
        for name in ["url", "secret_file", "events"] { #expect(found.contains("endpoints.shop: \(name) is missing")) }
        let provider = "providers:\n  p:\n    transport: sandbox\n    channels: [webhook]\n"
        let problems = try Self.problems("providers.yaml", provider)
        #expect(problems.contains { $0.contains("provider p serves channel webhook") }, "\(problems)")
    }

    @Test("a link to confirm has {token} once")
    func confirm() throws {
        let link = "link: {url: \"https://h.example/y/{token}\", secret_file: /x}"
        #expect(try Self.parse(["confirm.yaml": link]).confirmLink?.url(token: "abc") == "https://h.example/y/abc")
        #expect(try Self.parse([:]).confirmLink == nil)
        for url in ["https://h.example/y", "ftp://h/{token}", "https://h/{token}{token}"] {
            let problems = try Self.problems("confirm.yaml", "link: {url: \"\(url)\", secret_file: /x}")
            #expect(problems.contains { $0.contains("is no such address; write https://…/y/{token}") }, "\(problems)")
        }
    }

    private static func template(_ front: String, channel: String = "sms") throws -> Survey? {
        let files = ["ask/en.\(channel).mustache": "---\n\(front)\n---\nHow was it?"]
        return try withFiles(files) { try TemplateFiles.read(directory: $0) }.first?.survey
    }

    @Test("a template asks by a list of words, or by names with words; confirms brings yes and no")
    func surveys() throws {
        #expect(try Self.template("required: [a]") == nil)
        #expect(try Self.template("answers: [YES, No]") == Survey(answers: ["yes": ["YES"], "no": ["No"]]))
        #expect(
            try Self.template("answers: {yes: [Y, 是], no: [N]}\nanswer_within: 24h")
                == Survey(answers: ["yes": ["Y", "是"], "no": ["N"]], within: .seconds(86_400)))
        #expect(
            try Self.template("confirms: marketing")
                == Survey(answers: ["yes": ["YES", "Y"], "no": ["NO", "N"]], confirms: "marketing"))
        #expect(
            try Self.template("subject: x\nconfirms: marketing", channel: "email") == Survey(answers: [:], confirms: "marketing"))
    }

    @Test(
        "a mistake in what a template asks is named with its remedy",
        arguments: [
            ("answers: [YES, STOP]", "answers[1]: `STOP` opts out, whatever was asked; choose another word"),
            ("answers: {yes: [OK], no: [退订]}", "answers.no[0]: `退订` opts out"),
            ("answers: {yes: [OK], no: [ok]}", "answers.no[0]: `ok` answers yes already; keep one"),
            ("answers: {yes: []}", "answers.yes: is empty"), ("answers: []", "answers: lists no answer"),
            ("answers: [\"...\"]", "has no letter or digit"), ("answer_within: 1h", "answer_within: needs answers or confirms"),
            ("answers: [OK]\nanswer_within: 90d", "answer_within: 90d is out of range"),
            ("answers: [OK]\nconfirms: marketing", "answers: has no answer `yes`, which is what confirms"),
        ])
    func surveyMistakes(front: String, report: String) throws {
        let errors = try #require(throws: ConfigErrors.self) { try Self.template(front) }
        #expect(errors.problems.contains { $0.description.contains(report) }, "\(errors)")
    }
}
