import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Callbacks

/// Bodies written from the providers' public documentation, read by the shipped examples.
@Suite("What callbacks of the shipped examples say")
struct CallbackRulesTests {
    static func rules(_ file: String) throws -> CallbackRules {
        guard case .rules(let rules)? = try ProviderCallbacks.options(ProviderExamples.example(file))?.reader else {
            throw NoRules()
        }
        return rules
    }
    struct NoRules: Error {}

    private func events(_ file: String, _ body: String) throws -> [ProviderEvent] {
        try Self.rules(file).read(CallbackAuthTests.request(body), provider: "p")
    }

    private func texts(_ file: String, _ body: String) throws -> [InboundText] {
        try events(file, body).compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    private func receipts(_ file: String, _ body: String) throws -> [CarrierReceipt] {
        try events(file, body).compactMap { if case .receipt(let receipt) = $0 { receipt } else { nil } }
    }

    static func whatsApp(_ message: String, field: String = "messages") -> String {
        #"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"\#(field)","value":{"messaging_product":"whatsapp","#
            + #""metadata":{"display_phone_number":"15550100","phone_number_id":"1"},"\#(field)":[\#(message)]}}]}]}"#
    }

    @Test(
        "WhatsApp: whatever a person sends or taps is a text; what a button carries beside its words is a word, too",
        arguments: [
            (#""type":"text","text":{"body":"Stop"}"#, "Stop", []),
            (#""type":"button","button":{"payload":"STOP","text":"No more"}"#, "No more", ["STOP"]),
            (
                #""type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"stop","title":"STOP"}}"#,
                "STOP", ["stop"]
            ),
            (
                #""type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"退订","title":"Leave","description":"x"}}"#,
                "Leave", ["退订"]
            ),
            (
                #""type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{}"}}"#,
                "Sent", []
            ),
            (#""type":"image","image":{"id":"1","caption":"STOP"}"#, "STOP", []),
            (#""type":"audio","audio":{"id":"1"}"#, nil, []), (#""type":"unsupported","errors":[{"code":131051}]"#, nil, []),
        ] as [(String, String?, [String])])
    func whatsAppMessages(message: String, body: String?, words: [String]) throws {
        let found = try texts(
            "whatsapp-cloud.yaml", Self.whatsApp(#"{"from":"8613800138202","id":"wamid.1","timestamp":"1790000000",\#(message)}"#)
        )
        let text = try #require(found.first)
        #expect(
            found.count == 1 && text.from == "+8613800138202" && text.text == body && (text.words ?? []) == words
                && text.flag == nil)
        // What cannot be read is kept as it came.
        if body == nil { #expect(String(decoding: text.octets, as: UTF8.self).contains(#""from":"8613800138202""#)) }
    }

    @Test(
        "WhatsApp: marketing that a person stops or resumes in WhatsApp's own menu",
        arguments: [("stop", KeywordAction.stop), ("resume", .start)])
    func userPreferences(value: String, action: KeywordAction) throws {
        let preference =
            #"{"wa_id":"8613800138204","detail":"User requested to \#(value) marketing messages","category":"marketing_messages","value":"\#(value)","timestamp":1790000000}"#
        let found = try texts("whatsapp-cloud.yaml", Self.whatsApp(preference, field: "user_preferences"))
        #expect(found.map(\.flag) == [action] && found.first?.from == "+8613800138204")
    }

    @Test("WhatsApp: what was not delivered because the person has stopped marketing is an opt-out, other failures are none")
    func stoppedMarketing() throws {
        func status(_ code: Int) -> String {
            #"{"id":"wamid.1","status":"failed","timestamp":"1","recipient_id":"8613800138202","biz_opaque_callback_data":"7.1","errors":[{"code":\#(code),"title":"x"}]}"#
        }
        let found = try receipts("whatsapp-cloud.yaml", Self.whatsApp(status(131050) + "," + status(131026), field: "statuses"))
        #expect(found.map(\.state) == [.undeliverable, .undeliverable] && found.map(\.consequence) == [.unsubscribed, nil])
        #expect(found.filter(\.isFinal).count == 2)
    }

    @Test(
        "SendGrid: only what is certainly about the mailbox suppresses it",
        arguments: [
            (#""event":"bounce","type":"bounce","bounce_classification":"Invalid Address""#, CarrierReceipt.Consequence.bounced),
            (#""event":"bounce","type":"bounce","status":"5.1.1""#, .bounced),
            (#""event":"bounce","type":"bounce","bounce_classification":"Reputation""#, nil),
            (#""event":"bounce","type":"bounce","bounce_classification":"Mailbox Unavailable""#, nil),
            (#""event":"bounce","type":"bounce","bounce_classification":"Unclassified""#, nil),
            (#""event":"bounce","type":"blocked","bounce_classification":"Content""#, nil),
            (#""event":"bounce","type":"blocked""#, nil),
            (#""event":"dropped","reason":"Bounced Address""#, .bounced), (#""event":"dropped","reason":"Spam Content""#, nil),
        ])
    func sendGridBounces(event: String, consequence: CarrierReceipt.Consequence?) throws {
        let found = try receipts("sendgrid-mail.yaml", #"[{"email":"x@example.com","martlet":"7.1",\#(event)}]"#)
        #expect(found.map(\.state) == [.undeliverable] && found.first?.consequence == consequence)
    }

    @Test("a receipt is no text that cannot be read, though it names the phone; a text without words is one")
    func receiptOrText() throws {
        let vonage = try Self.rules("vonage-sms.yaml")
        func read(_ query: String) throws -> [String] {
            try vonage.read(CallbackAuthTests.request(target: "/callbacks/p?" + query, method: "GET"), provider: "p").map {
                if case .text(let text) = $0 { "text \(text.from) \(text.text ?? "-")" } else { "receipt" }
            }
        }
        #expect(try read("msisdn=447700900001&status=delivered&messageId=7") == ["receipt"])
        #expect(try read("msisdn=447700900001&to=1&text=hi") == ["text +447700900001 hi"])
        #expect(try read("msisdn=447700900001&to=1&type=binary&data=00") == ["text +447700900001 -"])
    }

    @Test("Twilio: a word that only Twilio knows counts as it flags it; buttons and lists of WhatsApp are words")
    func twilio() {
        func text(_ more: String) -> InboundText? {
            let request = CallbackAuthTests.request(
                "From=whatsapp%3A%2B447700900001&To=whatsapp%3A%2B15005550006&SmsStatus=received&" + more)
            guard case .text(let text)? = TwilioCallbacks.read(request, provider: "p").first else { return nil }
            return text
        }
        #expect(text("Body=BASTA&OptOutType=STOP")?.flag == .stop)
        #expect(text("Body=EMPEZAR&OptOutType=START")?.flag == .start)
        #expect(text("Body=AYUDA&OptOutType=HELP")?.flag == nil && text("Body=hi")?.flag == nil)
        #expect(text("Body=No+more&ButtonText=No+more&ButtonPayload=STOP")?.words == ["STOP", "No more"])
        #expect(
            text("Body=x&ListId=stop&ListTitle=Leave")?.words == ["stop", "Leave"] && text("Body=x")?.from == "+447700900001")
    }

    // MARK: options

    static func options(_ more: [String: String]) throws -> CallbackOptions? {
        var all = [
            "url": "https://api.example.com", "body": "{\"to\": \"{to}\", \"t\": \"{text}\"}", "callback": "json",
            "callback_auth": "token query:key",
            "callback_secret_file": "/nowhere", "receipt_status": "success", "receipt_reference": "out_id",
            "receipt_states": "true=delivered;false=undelivered",
        ]
        all.merge(more) { $1 }
        return try ProviderCallbacks.options(ProviderPolicy(name: "p", transport: "http", channels: [.sms], options: all))
    }

    @Test(
        "the limit of a body and the answer are the provider's",
        arguments: [("768KB", 786_432), ("3MB", 3_145_728), ("8 MB", 8_388_608)])
    func limits(text: String, octets: Int) throws {
        let options = try #require(try Self.options(["callback_maximum_body": text, "callback_answer": #"{"code":0}"#]))
        #expect(options.maximumBody == octets && options.answer == #"{"code":0}"#)
        let plain = try #require(try Self.options([:]))
        #expect(plain.maximumBody == 1 << 20 && plain.answer == nil)
    }

    @Test(
        "an option that means nothing is an error that says what to write",
        arguments: [
            ("callback_maximum_body", "9MB", "768KB or 3MB"), ("callback_maximum_body", "many", "768KB or 3MB"),
            ("callback_maximum_body", "0KB", "768KB or 3MB"), ("text_numbers", "national", "international"),
            ("text_flags", "STOP=stop", "text_flag"), ("text_flag", "kind", "text_flags"), ("text_flags", "STOP", "WORD=action"),
            ("text_flags", "STOP=halt", "stop_all"), ("text_events", "a..b", "dots between"),
            ("receipt_states", "x=gone", "opted_out"),
        ])
    func refused(option: String, value: String, remedy: String) {
        do {
            _ = try Self.options(["text_from": "from", "text_body": "text", option: value])
            Issue.record("\(option): \(value) was taken")
        } catch {
            #expect("\(error)".contains(remedy), "\(error)")
        }
    }

    @Test("Aliyun's and Tencent's reports, as their documentation has them")
    func chinese() throws {
        let aliyun = try #require(try Self.options(["receipt_error": "err_code", "receipt_recipient": "phone_number"]))
        guard case .rules(let rules) = aliyun.reader else { throw NoRules() }
        let report =
            #"[{"phone_number":"13900000001","send_time":"2026-01-01 00:00:00","report_time":"2026-01-01 00:00:01","success":true,"err_code":"DELIVERED","err_msg":"用户接收成功","sms_size":"1","biz_id":"932702304080415357^0","out_id":"7.1"},"#
            + #"{"phone_number":"13900000002","success":false,"err_code":"MK:0001","err_msg":"x","sms_size":"1","biz_id":"1^0","out_id":"8.1"}]"#
        let found = try rules.read(CallbackAuthTests.request(report), provider: "p").compactMap { event -> String? in
            guard case .receipt(let receipt) = event else { return nil }
            return "\(receipt.handOver?.messageID.rawValue ?? 0) \(receipt.state) \(receipt.error ?? "-") \(receipt.recipient)"
        }
        #expect(found == ["7 delivered DELIVERED 13900000001", "8 undeliverable MK:0001 13900000002"])
    }

    @Test(
        "a URL is signed with the port of our public URL, without it, or with the scheme's own",
        arguments: [
            ("https://hooks.example.com:8443", ["https://hooks.example.com:8443/c", "https://hooks.example.com/c"]),
            ("https://hooks.example.com", ["https://hooks.example.com/c", "https://hooks.example.com:443/c"]),
            ("http://hooks.example.com", ["http://hooks.example.com/c", "http://hooks.example.com:80/c"]),
            ("https://[2001:db8::1]", ["https://[2001:db8::1]/c", "https://[2001:db8::1]:443/c"]),
            ("https://[2001:db8::1]:8443", ["https://[2001:db8::1]:8443/c", "https://[2001:db8::1]/c"]),
        ])
    func ports(publicURL: String, urls: [String]) {
        for (index, url) in urls.enumerated() {
            var request = CallbackAuthTests.request(
                "a=b", target: "/c",
                headers: ["X-Twilio-Signature": TwilioSignature.sign(url: url, body: Array("a=b".utf8), token: "t")])
            request.publicURL = publicURL
            #expect(CallbackAuth.twilio.isGenuine(request, ["t"]), "\(index)")
            request.target = "/d"
            #expect(!CallbackAuth.twilio.isGenuine(request, ["t"]))
        }
        #expect(CallbackAuthTests.request(target: "/c").urls.count == 2)
    }
}
