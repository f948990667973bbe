import Foundation
import PipelineSupport
import TestSupport
import Testing

/// One process at a time: each test starts a gateway.
@Suite(.serialized)
enum Gateways {}

extension Gateways {
    /// Bodies written from the providers' public documentation.
    @Suite("Callbacks of the shipped examples become receipts", .timeLimit(.minutes(5)))
    struct CallbackTests {
        @Test(
            "Twilio's status callbacks and texts, signed as Twilio's own library signs, with the new token and the one before"
        )
        func twilio() async throws {
            try await GatewayShop.with(["twilio-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let sids = (0..<3).map { "SM0000000000000000000000000000000\($0)" }
                let messages = [
                    try await bench.accepted(by: "twilio", to: "+447700900001"),
                    try await bench.accepted(by: "twilio", to: "+447700900002"),
                    try await bench.accepted(by: "twilio", to: "+447700900003"),
                ]
                let cases = [("sent", "", "delivered", GatewayShop.secret), ("undelivered", "30003", "", GatewayShop.older)]
                func callback(_ index: Int, _ status: String, _ error: String, _ token: String) async throws -> Int {
                    let target = "/callbacks/twilio/\(messages[index])/1"
                    let pairs =
                        [
                            "SmsSid=\(sids[index])", "SmsStatus=\(status)", "MessageStatus=\(status)",
                            "To=+44770090000\(index + 1)",
                            "MessageSid=\(sids[index])", "AccountSid=AC00000000000000000000000000000000", "From=+15005550006",
                            "ApiVersion=2010-04-01",
                        ] + (error.isEmpty ? [] : ["ErrorCode=\(error)"])
                    let signature = try await GatewayShop.twilioSignature(GatewayProgram.publicURL + target, pairs, token: token)
                    return try await gateway.form(target, pairs, ["-H", "X-Twilio-Signature: \(signature)"])
                }
                #expect(try await callback(0, cases[0].0, "", cases[0].3) == 200)
                #expect(try await bench.state(messages[0]) == "accepted")
                for _ in 0..<2 { #expect(try await callback(0, "delivered", "", GatewayShop.older) == 200) }
                #expect(try await bench.state(messages[0]) == "delivered")
                #expect(try await callback(1, "undelivered", "30003", GatewayShop.secret) == 200)
                #expect(try await bench.state(messages[1]) == "undelivered undeliverable_30003")
                // the recipient said STOP to Twilio.
                #expect(try await callback(2, "failed", "21610", GatewayShop.secret) == 200)
                #expect(try await bench.state(messages[2]) == "undelivered rejected_21610")
                #expect(
                    try await bench.shop.texts("select address || ' ' || scope from martlet_data.suppressions") == [
                        "+447700900003 all"
                    ])
                let text = [
                    "From=+447700900001", "To=+15005550006", "Body= stop ", "MessageSid=SM1", "SmsStatus=received", "NumMedia=0",
                ]
                let signature = try await GatewayShop.twilioSignature(GatewayProgram.publicURL + "/callbacks/twilio", text)
                #expect(try await gateway.form("/callbacks/twilio", text, ["-H", "X-Twilio-Signature: \(signature)"]) == 200)
                #expect(
                    try await bench.shop.texts("select sender || ' ' || body from martlet_data.inbound_texts") == [
                        "+447700900001  stop "
                    ])
                #expect(
                    try await bench.shop.texts(
                        "select scope || ' ' || reason from martlet_data.suppressions where address = '+447700900001'")
                        == ["marketing opt_out_text"])
                try await gateway.stop()
            }
        }

        @Test("Vonage: delivery receipts and inbound texts, by GET and by POST")
        func vonage() async throws {
            try await GatewayShop.with(["vonage-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "vonage", to: "+447700900000")
                let failed = try await bench.accepted(by: "vonage", to: "+447700900002")
                let key = "/callbacks/vonage?key=\(GatewayShop.secret)"
                let receipt =
                    "&msisdn=447700900000&to=AcmeInc&network-code=12345&messageId=0A0000001234567B&price=0.03330000&status=delivered&scts=2001011400"
                    + "&err-code=0&api-key=abcd1234&client-ref=\(message).1&message-timestamp=2020-01-01+12%3A00%3A00+%2B0000"
                #expect(try await gateway.request(key + receipt).status == 200)
                #expect(try await bench.state(message) == "delivered")
                #expect(
                    try await gateway.form(
                        key,
                        [
                            "msisdn=447700900002", "messageId=0A0000001234567C", "status=failed", "err-code=6",
                            "client-ref=\(failed).1",
                        ])
                        == 200)
                #expect(try await bench.state(failed) == "undelivered undeliverable_6")
                #expect(
                    try await gateway.form(
                        key,
                        [
                            "api-key=abcd1234", "msisdn=447700900001", "to=447700900000", "messageId=0A0000000123ABCD1",
                            "text=Hello world 😀",
                            "type=unicode", "keyword=HELLO", "message-timestamp=2020-01-01 12:00:00 +0000",
                        ]) == 200)
                #expect(
                    try await bench.shop.texts("select sender || ' ' || recipient || ' ' || body from martlet_data.inbound_texts")
                        == ["+447700900001 447700900000 Hello world 😀"])
                try await gateway.stop()
            }
        }

        @Test("Infobip: a list of reports in one body, and a list of texts")
        func infobip() async throws {
            try await GatewayShop.with(["infobip-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let one = try await bench.accepted(by: "infobip", to: "+385911234567")
                let other = try await bench.accepted(by: "infobip", to: "+385911234568")
                func result(_ message: Int64, _ group: Int, _ name: String, _ error: String) -> String {
                    """
                    {"bulkId": "BULK-ID-123-xyz", "messageId": "MESSAGE-ID-\(message)", "to": "385911234567", "sentAt": "2019-11-09T16:00:00.000+0100",
                     "doneAt": "2019-11-09T16:00:00.000+0100", "messageCount": 1, "callbackData": "\(message).1",
                     "price": {"pricePerMessage": 0.01, "currency": "EUR"},
                     "status": {"groupId": \(group), "groupName": "\(name)", "id": 5, "name": "\(name)_X", "description": "…"},
                     "error": {"groupId": 0, "groupName": "OK", "id": 0, "name": "\(error)", "description": "…", "permanent": false}}
                    """
                }
                let reports =
                    "{\"results\": [\(result(one, 3, "DELIVERED", "NO_ERROR")), \(result(other, 2, "UNDELIVERABLE", "EC_ABSENT_SUBSCRIBER"))]}"
                let target = "/callbacks/infobip?key=\(GatewayShop.older)"
                for _ in 0..<2 { #expect(try await gateway.json(target, reports) == 200) }
                #expect(try await bench.state(one) == "delivered")
                #expect(try await bench.state(other) == "undelivered undeliverable_EC_ABSENT_SUBSCRIBER")
                let texts = """
                    {"results": [{"messageId": "817790313235066447", "from": "385916242493", "to": "385921004026", "text": "QUIZ Correct answer is Paris",
                     "cleanText": "Correct answer is Paris", "keyword": "QUIZ", "receivedAt": "2019-11-09T16:00:00.000+0000", "smsCount": 1,
                     "price": {"pricePerMessage": 0, "currency": "EUR"}, "callbackData": "callbackData"}], "messageCount": 1, "pendingMessageCount": 0}
                    """
                #expect(try await gateway.json(target, texts) == 200)
                #expect(
                    try await bench.shop.texts("select body from martlet_data.inbound_texts") == ["QUIZ Correct answer is Paris"])
                #expect(try await bench.shop.number("select count(*) from martlet_data.receipts where part is not null") == 2)
                try await gateway.stop()
            }
        }

        @Test("WhatsApp: the subscription's handshake, signed statuses, and a STOP that counts for WhatsApp and not for SMS")
        func whatsapp() async throws {
            try await GatewayShop.with(["whatsapp-cloud.yaml"], channels: ["whatsapp"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "whatsapp", to: "+16505551234", channel: "whatsapp")
                let hub = "/callbacks/whatsapp?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
                let answer = try await gateway.request(hub + GatewayShop.older)
                #expect(answer.status == 200 && answer.body == "1158201444")
                #expect(try await gateway.request(hub + "a-token-of-nobody").status == 403)
                #expect(try await gateway.request(hub.replacing("1158201444", with: "%3Cb%3E") + GatewayShop.older).status == 403)
                func post(_ value: String, key: String = GatewayShop.secret) async throws -> Int {
                    let body =
                        #"{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": \#(value)}]}]}"#
                    try body.write(toFile: "\(bench.directory)/body", atomically: true, encoding: .utf8)
                    let digest = try await runProcess([
                        "openssl", "dgst", "-sha256", "-hmac", key, "-r", "\(bench.directory)/body",
                    ])
                    return try await gateway.json(
                        "/callbacks/whatsapp", body, ["-H", "X-Hub-Signature-256: sha256=\(digest.prefix { $0 != " " })"])
                }
                let metadata =
                    #""messaging_product": "whatsapp", "metadata": {"display_phone_number": "15550783881", "phone_number_id": "106540352242922"}"#
                let status =
                    #"{\#(metadata), "statuses": [{"id": "wamid.HBgL", "status": "read", "timestamp": "1750030073", "recipient_id": "16505551234", "biz_opaque_callback_data": "\#(message).1"}]}"#
                #expect(try await post(status, key: "some-other-key-of-nobody") == 403)
                #expect(try await bench.state(message) == "accepted")
                #expect(try await post(status) == 200)
                #expect(try await bench.state(message) == "delivered")
                let text =
                    #"{\#(metadata), "messages": [{"from": "16505551234", "id": "wamid.X", "timestamp": "1749416383", "type": "text", "text": {"body": "Stop"}}]}"#
                #expect(try await post(text) == 200)
                let button =
                    #"{\#(metadata), "messages": [{"from": "16505551235", "id": "wamid.Y", "timestamp": "1749416383", "type": "button", "button": {"payload": "STOP", "text": "No more"}}]}"#
                #expect(try await post(button) == 200)
                let preference =
                    #"{\#(metadata), "user_preferences": [{"wa_id": "16505551236", "detail": "x", "category": "marketing_messages", "value": "stop", "timestamp": 1749416383}]}"#
                #expect(try await post(preference) == 200)
                #expect(
                    try await bench.shop.texts(
                        "select channel || ' ' || address || ' ' || scope from martlet_data.suppressions order by address")
                        == ["4", "5", "6"].map { "whatsapp +1650555123\($0) marketing" })
                let voice =
                    #"{\#(metadata), "messages": [{"from": "16505551237", "id": "wamid.Z", "type": "audio", "audio": {"id": "1"}}]}"#
                #expect(try await post(voice) == 200)
                #expect(
                    try await bench.shop.texts(
                        "select sender || ' ' || (convert_from(octets, 'UTF8') like '%audio%') from martlet.inbound_texts where body is null"
                    )
                        == ["+16505551237 true"])
                #expect(try await gateway.metrics().contains(#"martlet_unreadable_texts_total{provider="whatsapp"} 1"#))
                try await gateway.stop()
            }
        }

        @Test("MessageBird: status reports by GET")
        func messagebird() async throws {
            try await GatewayShop.with(["messagebird-sms.yaml"]) { bench in
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let message = try await bench.accepted(by: "messagebird", to: "+31612345678")
                let target =
                    "/callbacks/messagebird?key=\(GatewayShop.secret)&id=e8077d803532c0b5937c639b60216938&reference=\(message).1"
                    + "&recipient=31612345678&status=delivered&statusDatetime=2017-09-01T10%3A00%3A05%2B00%3A00"
                #expect(try await gateway.request(target).status == 200)
                #expect(try await bench.state(message) == "delivered")
                try await gateway.stop()
            }
        }

        @Test("Postmark: a hard bounce suppresses the address, a complaint all but codes, an opened mail nothing")
        func postmark() async throws {
            try await GatewayShop.with(["postmark-mail.yaml"]) { bench in
                // What basic authentication sends.
                try "martlet:\(GatewayShop.secret)\n".write(
                    toFile: "\(bench.directory)/postmark.callback", atomically: true, encoding: .utf8)
                let gateway = try await GatewayProgram.start(in: bench.shop)
                let user = ["-u", "martlet:\(GatewayShop.secret)"]
                var messages: [Int64] = []
                for name in ["dead", "angry", "ann", "full"] {
                    messages.append(try await bench.accepted(by: "postmark", to: "\(name)@example.com", channel: "email"))
                }
                func record(_ type: String, _ index: Int, _ more: String) -> String {
                    """
                    {"RecordType": "\(type)", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Metadata": {"martlet": "\(messages[index]).1"},
                     "Recipient": "x@example.com", "ServerID": 23, "MessageStream": "outbound", \(more)}
                    """
                }
                let bounce =
                    #""ID": 4323372036854775807, "Type": "HardBounce", "TypeCode": 1, "Inactive": true, "CanActivate": true"#
                #expect(try await gateway.json("/callbacks/postmark", record("Bounce", 0, bounce), user) == 200)
                #expect(try await gateway.json("/callbacks/postmark", record("Delivery", 1, #""Details": "250""#), user) == 200)
                #expect(
                    try await gateway.json(
                        "/callbacks/postmark", record("SpamComplaint", 1, #""Type": "SpamComplaint", "TypeCode": 512"#), user)
                        == 200)
                #expect(try await gateway.json("/callbacks/postmark", record("Open", 2, #""FirstOpen": true"#), user) == 200)
                #expect(
                    try await gateway.json(
                        "/callbacks/postmark", record("Bounce", 3, #""Type": "SoftBounce", "TypeCode": 4096"#), user)
                        == 200)
                var states: [String] = []
                for message in messages { states.append(try await bench.state(message)) }
                #expect(
                    states == [
                        "undelivered undeliverable_HardBounce", "delivered", "accepted", "undelivered undeliverable_SoftBounce",
                    ])
                #expect(
                    try await bench.shop.texts(
                        "select address || ' ' || scope || ' ' || reason from martlet_data.suppressions order by 1")
                        == ["angry@example.com all_except_otp complaint", "dead@example.com all hard_bounce"])
                let stranger = try await gateway.request(
                    "/callbacks/postmark", ["-u", "martlet:wrong-password-here", "-d", record("Bounce", 2, bounce)])
                #expect(stranger.status == 401 && stranger.headers["www-authenticate"]?.hasPrefix("Basic") == true)
                #expect(try await bench.state(messages[2]) == "accepted")
                try await gateway.stop()
            }
        }

        @Test("SendGrid: a list of events, signed with ECDSA; `attempt` of a deferred mail is theirs, not ours")
        func sendgrid() async throws {
            try await GatewayShop.with(["sendgrid-mail.yaml"]) { bench in
                let key = "\(bench.directory)/key.pem"
                try await runProcess(["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", key])
                try await runProcess([
                    "sh", "-c", "openssl ec -in \(key) -pubout -outform DER | base64 -w0 >\(bench.directory)/sendgrid.callback",
                ])
                let gateway = try await GatewayProgram.start(in: bench.shop)
                var messages: [Int64] = []
                for name in ["ann", "dead", "blocked"] {
                    messages.append(try await bench.accepted(by: "sendgrid", to: "\(name)@example.com", channel: "email"))
                }
                func event(_ index: Int, _ more: String) -> String {
                    #"{"email":"x@example.com","timestamp":1513299569,"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>","category":["cat facts"],"#
                        + #""sg_event_id":"sg_event_id","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0","#
                        + #""martlet":"\#(messages[index]).1",\#(more)}"#
                }
                let body =
                    "["
                    + [
                        event(0, #""event":"deferred","response":"400 try again later","attempt":"5""#),
                        event(0, #""event":"delivered","response":"250 OK""#),
                        event(0, #""event":"open","useragent":"Mozilla/4.0""#),
                        event(1, #""event":"bounce","reason":"500 unknown recipient","status":"5.0.0","type":"bounce""#),
                        event(2, #""event":"bounce","reason":"550 blocked","status":"5.0.0","type":"blocked""#),
                    ].joined(separator: ",\r\n") + "]\r\n"
                let time = "\(Int(Date.now.timeIntervalSince1970))"
                try (time + body).write(toFile: "\(bench.directory)/signed", atomically: true, encoding: .utf8)
                let signature = try await runProcess(
                    ["sh", "-c", "openssl dgst -sha256 -sign \(key) \(bench.directory)/signed | base64 -w0"])
                func post(_ body: String, at time: String) async throws -> Int {
                    try await gateway.json(
                        "/callbacks/sendgrid", body,
                        [
                            "-H", "X-Twilio-Email-Event-Webhook-Signature: \(signature)", "-H",
                            "X-Twilio-Email-Event-Webhook-Timestamp: \(time)",
                        ])
                }
                #expect(try await post(body.replacing("250 OK", with: "250 ok"), at: time) == 403)
                #expect(try await post(body, at: "1") == 403)
                #expect(try await bench.traces() == [0, 0, 0, 0])
                #expect(try await post(body, at: time) == 200)
                var states: [String] = []
                for message in messages { states.append(try await bench.state(message)) }
                #expect(states == ["delivered", "undelivered undeliverable_bounce", "undelivered undeliverable_blocked"])
                #expect(try await bench.shop.texts("select address from martlet_data.suppressions") == ["dead@example.com"])
                try await gateway.stop()
            }
        }
    }
}
