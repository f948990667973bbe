import Domain
import Foundation
import ProviderSupport
import Testing
import Text

@testable import Transports

/// Every shipped example against an imitation of its API (imitations.py), which was written from the API's documentation.
@Suite("Examples of HTTP providers against imitations of their APIs", .serialized, .timeLimit(.minutes(3)))
struct HTTPExampleTests {
    /// How an example answers which recipient.
    struct Case: Sendable, CustomTestStringConvertible {
        var file: String
        var to: String
        var expected: String
        var from = "shop"
        var testDescription: String { "\(file) \(to)" }
    }

    static let smsCases: [Case] = [
        .init(file: "twilio-sms.yaml", to: "+447700900123", expected: "accepted SM00000000000000000000000000000001"),
        .init(file: "twilio-sms.yaml", to: "+15005550001", expected: "rejected twilio_21211 recipient counted"),
        .init(file: "twilio-sms.yaml", to: "+15005550003", expected: "rejected twilio_21408 sender counted"),
        // H1
        .init(file: "twilio-sms.yaml", to: "+15005550004", expected: "rejected twilio_21610 recipient counted suppress"),
        .init(file: "twilio-sms.yaml", to: "+15005550009", expected: "rejected twilio_21614 recipient counted"),
        .init(file: "twilio-sms.yaml", to: "+15005550429", expected: "deferred twilio_20429 provider kept throttled"),
        .init(file: "twilio-sms.yaml", to: "+15005550500", expected: "unknown twilio_20500 provider counted"),
        .init(file: "twilio-sms.yaml", to: "+15005550503", expected: "deferred twilio_20503 provider counted"),
        .init(file: "vonage-sms.yaml", to: "+447700900123", expected: "accepted 0A0000000123ABCD1"),
        .init(file: "vonage-sms.yaml", to: "+15550000001", expected: "deferred http_200_1 provider kept throttled"),
        .init(file: "vonage-sms.yaml", to: "+15550000007", expected: "rejected http_200_7 recipient counted"),
        .init(file: "vonage-sms.yaml", to: "+15550000009", expected: "deferred http_200_9 provider kept"),
        .init(file: "vonage-sms.yaml", to: "+15550000033", expected: "rejected http_200_33 recipient counted suppress"),
        .init(file: "vonage-sms.yaml", to: "+447700900123", expected: "rejected http_200_2 martlet counted", from: ""),
        .init(file: "messagebird-sms.yaml", to: "+31612345678", expected: "accepted e8077d803532c0b5937c639b60216938"),
        .init(file: "messagebird-sms.yaml", to: "nobody", expected: "rejected http_422_9 recipient counted"),
        .init(file: "messagebird-sms.yaml", to: "+31612345678", expected: "rejected http_422_9 sender counted", from: ""),
        .init(file: "messagebird-sms.yaml", to: "+15550000025", expected: "deferred http_402_25 provider kept"),
        .init(file: "infobip-sms.yaml", to: "+385911234567", expected: "accepted 9cf3b3a4-d0f6-8b1c-9c37-c0e8a2c3d9f1-1"),
        .init(
            file: "infobip-sms.yaml", to: "+15550000012", expected: "deferred http_200_REJECTED_NOT_ENOUGH_CREDITS provider kept"),
        .init(file: "infobip-sms.yaml", to: "+15550000014", expected: "rejected http_200_REJECTED_DESTINATION recipient counted"),
        .init(file: "infobip-sms.yaml", to: "+15550000011", expected: "rejected http_200_REJECTED_SENDER sender counted"),
        .init(file: "aliyun-sms.yaml", to: "+8613900000000", expected: "accepted 134523^4351232"),
        .init(
            file: "aliyun-sms.yaml", to: "+8613900000001",
            expected: "rejected http_200_isv.MOBILE_NUMBER_ILLEGAL recipient counted"),
        .init(file: "aliyun-sms.yaml", to: "+8613900000002", expected: "deferred http_200_isv.AMOUNT_NOT_ENOUGH provider kept"),
        .init(
            file: "aliyun-sms.yaml", to: "+8613900000003",
            expected: "deferred http_200_isv.BUSINESS_LIMIT_CONTROL provider counted"),
        .init(
            file: "aliyun-sms.yaml", to: "+8613900000004", expected: "deferred http_400_Throttling.User provider kept throttled"),
        .init(file: "tencent-sms.yaml", to: "+8613900000000", expected: "accepted 5000:1045710669157053657849499619"),
        .init(
            file: "tencent-sms.yaml", to: "+8613900000001",
            expected: "rejected http_200_InvalidParameterValue.IncorrectPhoneNumb recipient counted"),
        .init(
            file: "tencent-sms.yaml", to: "+8613900000002",
            expected: "rejected http_200_FailedOperation.PhoneNumberInBlacklist recipient counted suppress marketing"),
        .init(
            file: "tencent-sms.yaml", to: "+8613900000003",
            expected: "deferred http_200_LimitExceeded.PhoneNumberThirtySecondLim provider counted"),
        .init(
            file: "tencent-sms.yaml", to: "+8613900000004",
            expected: "deferred http_200_RequestLimitExceeded provider kept throttled"),
    ]

    static let textCases: [Case] = [
        .init(file: "whatsapp-cloud.yaml", to: "+16505551234", expected: "accepted wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3N0EyRDk"),
        .init(file: "whatsapp-cloud.yaml", to: "+15550131026", expected: "rejected http_400_131026 recipient counted"),
        .init(file: "whatsapp-cloud.yaml", to: "+15550131047", expected: "rejected http_400_131047 content counted"),
        .init(
            file: "whatsapp-cloud.yaml", to: "+15550131050",
            expected: "rejected http_400_131050 recipient counted suppress marketing"),
        .init(file: "whatsapp-cloud.yaml", to: "+15550130429", expected: "deferred http_429_130429 provider kept throttled"),
        .init(file: "whatsapp-cloud.yaml", to: "+15550131000", expected: "unknown http_500_131000 provider counted"),
        .init(
            file: "fcm-push.yaml", to: "token:1",
            expected: "accepted projects/swallow-shop/messages/0:1500415314455276%31bd1c9631bd1c96"),
        .init(file: "fcm-push.yaml", to: "gone", expected: "rejected http_404_UNREGISTERED recipient counted suppress"),
        .init(file: "fcm-push.yaml", to: "malformed", expected: "rejected http_400_INVALID_ARGUMENT recipient counted suppress"),
        .init(file: "fcm-push.yaml", to: "foreign", expected: "rejected http_403_SENDER_ID_MISMATCH recipient counted"),
        .init(file: "fcm-push.yaml", to: "quota", expected: "deferred http_429_QUOTA_EXCEEDED provider kept throttled"),
        .init(file: "fcm-push.yaml", to: "busy", expected: "deferred http_503_UNAVAILABLE provider counted"),
        .init(file: "telegram-bot.yaml", to: "4711", expected: "accepted 365"),
        .init(file: "telegram-bot.yaml", to: "1", expected: "rejected http_400_400 recipient counted"),
        .init(file: "telegram-bot.yaml", to: "2", expected: "rejected http_403_403 recipient counted suppress"),
        .init(file: "telegram-bot.yaml", to: "3", expected: "deferred http_429_429 provider kept throttled"),
    ]

    static let mailCases: [Case] = [
        .init(file: "sendgrid-mail.yaml", to: "ann@example.com", expected: "accepted 14c5d75ce93.dfd.64b469"),
        .init(file: "sendgrid-mail.yaml", to: "nobody@bad", expected: "rejected http_400 recipient counted"),
        .init(
            file: "sendgrid-mail.yaml", to: "ann@example.com", expected: "rejected http_403 sender counted",
            from: "stranger@example.com"),
        .init(file: "sendgrid-mail.yaml", to: "busy@example.com", expected: "deferred http_429 provider kept throttled"),
        .init(file: "postmark-mail.yaml", to: "ann@example.com", expected: "accepted 0a129aee-e1cd-480d-b08d-4f48548ff48d"),
        .init(file: "postmark-mail.yaml", to: "gone@example.com", expected: "rejected http_422_406 recipient counted suppress"),
        .init(
            file: "postmark-mail.yaml", to: "ann@example.com", expected: "rejected http_422_400 sender counted",
            from: "stranger@example.com"),
    ]

    /// A text with everything that could end a string, a form field or an element.
    static let nasty = "He said \"50 % off\" & <b>{to}</b>\\ 1+1=2;\r\n\tдля you 😀 \u{1}"

    private func run(_ file: String, _ submissions: [Submission]) async throws -> ([SubmissionResult], [SeenRequest]) {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile(testSecret)
        let transport = try TransportFactory.make(ProviderExamples.local(file, port: server.port, secret: secret.path))
        let results = await transport.answers(submissions)
        await transport.drain()
        return (results, try SeenRequest.all(server))
    }

    @Test("an SMS is answered as the documentation says", arguments: smsCases)
    func sms(_ each: Case) async throws {
        let (results, requests) = try await run(each.file, [submission(to: each.to, from: each.from, sendWithin: .seconds(30))])
        let expected =
            each.file.hasPrefix("infobip") && each.expected.hasPrefix("accepted") ? "accepted \(Self.key)-1" : each.expected
        #expect(results[0].outcome.summary == expected, "\(results[0].outcome) \(requests)")
    }

    private static var key: String {
        HTTPFields(
            submission: submission(), provider: "infobip", secret: "", country: "+", alphabet: ("", ""), validity: .seconds(1)
        ).value(of: .idempotencyKey)
    }

    @Test("a text of another channel is answered as the documentation says", arguments: textCases)
    func text(_ each: Case) async throws {
        let rendered = RenderedMessage(content: .http(Self.nasty), from: "swallow", fromName: "Swallow & Co", templateVersion: 1)
        let (results, requests) = try await run(
            each.file, [submission(to: each.to, rendered: rendered, sendWithin: .seconds(30))])
        #expect(results[0].outcome.summary == each.expected, "\(results[0].outcome)")
        let request = try #require(requests.first)
        let body = try #require(JSONValue.sent(Array(request.body.utf8)))
        let paths = [
            "whatsapp-cloud.yaml": "text.body", "fcm-push.yaml": "message.notification.body", "telegram-bot.yaml": "text",
        ]
        let path = try #require(JSONPath(paths[each.file] ?? ""))
        #expect(path.text(in: body) == Self.nasty, "nothing of the text is lost")
    }

    @Test("a mail is answered as the documentation says, with and without HTML", arguments: mailCases, [nil, "<p>\"hi\"</p>"])
    func mail(_ each: Case, html: String?) async throws {
        let content = EmailContent(
            subject: Self.nasty, text: Self.nasty, html: html, replyTo: "service@example.com", headers: [("X-Order", "A \"1\"")])
        let rendered = RenderedMessage(
            content: .email(content), from: each.from == "shop" ? "shop@example.com" : each.from, fromName: "Swallow \"& Co\"",
            templateVersion: 1)
        let (results, requests) = try await run(
            each.file, [submission(to: each.to, rendered: rendered, sendWithin: .seconds(30))])
        #expect(results[0].outcome.summary == each.expected, "\(results[0].outcome)")
        let request = try #require(requests.first)
        let body = try #require(try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? NSDictionary)
        #expect(request.body.contains("A \\\"1\\\""), "headers of the mail's own go along")
        if each.file.hasPrefix("sendgrid") {
            let parts = try #require(body["content"] as? [[String: String]])
            #expect(parts.compactMap { $0["value"] } == [Self.nasty] + (html.map { [$0] } ?? []))
            #expect(body["subject"] as? String == Self.nasty)
        } else {
            #expect(body["TextBody"] as? String == Self.nasty && body["HtmlBody"] as? String == html)
        }
    }

    @Test(
        "a wrong secret parks the provider, keeps the message's attempt, and is not repeated",
        arguments: try ProviderExamples.files())
    func wrongSecret(file: String) async throws {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile("wr0ng-s3cret-value")
        let logs = Logs()
        let transport = try TransportFactory.make(
            ProviderExamples.local(file, port: server.port, secret: secret.path), logger: logs.logger)
        let one = Self.message(for: file)
        let first = await transport.answers([one])[0].outcome
        let failure = try #require(first.failure, "\(first)")
        #expect(first.name == "deferred" && !failure.countsAttempt && !failure.throttled, "\(first)")
        let second = await transport.answers([one])[0].outcome
        #expect(second.name == "deferred" && second.failure?.countsAttempt == false)
        #expect(try #require(second.failure?.retryAfter) > .seconds(10), "half a minute at least")
        #expect(try SeenRequest.all(server).count == 1, "the second was told without a request")
        for text in ["\(first) \(second)", logs.text] {
            #expect(!text.contains("wr0ng-s3cret-value") && !text.contains("d3Iwbmc"))
        }
        await transport.drain()
    }

    static func message(for file: String) -> Submission {
        if file.contains("-mail") {
            let content = EmailContent(subject: "s", text: "t")
            return submission(
                to: "ann@example.com", rendered: .init(content: .email(content), from: "a@b.test", templateVersion: 1))
        }
        return submission(to: "+447700900123", sendWithin: .seconds(30))
    }

    @Test("every example is a valid policy, and so are its options", arguments: try ProviderExamples.files())
    func valid(file: String) throws { try TransportFactory.check(ProviderExamples.example(file)) }

    @Test("every example is tried by a test")
    func complete() throws {
        #expect(Set(try ProviderExamples.files()) == Set((Self.smsCases + Self.textCases + Self.mailCases).map(\.file)))
    }
}
