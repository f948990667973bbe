import Domain
import Rendering
import Testing

@Suite("A message becomes what its recipient reads")
struct RendererTests {
    private let signed = policy(
        {
            $0.requiresSignature = true
            $0.requiresOptOut = true
        },
        sender: {
            $0.signatures = ["+86": "【云岭茶】", "+44": "", "": "Cloud Ridge: "]
            $0.optOutPhrases = ["+86": "，拒收请回复R", "": " STOP to opt out", "+1": " Txt STOP", "+1242": " Reply END"]
        })

    @Test(
        "signature and opt-out phrase go by the longest country prefix, and are added once",
        arguments: [
            ("新茶上市", "+8613800138000", "【云岭茶】新茶上市，拒收请回复R"), ("【云岭茶】新茶上市", "+8613800138000", "【云岭茶】新茶上市，拒收请回复R"),
            ("新茶上市，拒收请回复R", "+8613800138000", "【云岭茶】新茶上市，拒收请回复R"),
            ("关于【云岭茶】", "+8613800138000", "【云岭茶】关于【云岭茶】，拒收请回复R"),
            ("New tea", "+33612345678", "Cloud Ridge: New tea STOP to opt out"),
            ("Cloud Ridge: New tea", "+33612345678", "Cloud Ridge: New tea STOP to opt out"),
            ("STOP to opt out. New tea", "+33612345678", "Cloud Ridge: STOP to opt out. New tea"),
            ("New tea", "+12025550123", "Cloud Ridge: New tea Txt STOP"),
            ("New tea", "+12425550123", "Cloud Ridge: New tea Reply END"),
            ("New tea", "+447700900123", "New tea STOP to opt out"),
        ])
    func literals(_ body: String, _ address: String, _ result: String) throws {
        let rendered = try sms(body, signed, to: address)
        #expect(rendered.sms?.text == result)
        #expect(rendered.warnings == [])
    }

    @Test("classes that need neither get neither, and a sender without the texts is warned of")
    func noLiterals() throws {
        let plain = policy(sender: { $0.signatures = ["": "S"] })
        #expect(try sms("New tea", plain).sms?.text == "New tea")
        let bare = policy(
            {
                $0.requiresSignature = true
                $0.requiresOptOut = true
            }, sender: { $0.signatures = ["+86": "【云岭茶】"] })
        #expect(try sms("New tea", bare).warnings == [.noSignature(sender: "shop"), .noOptOutPhrase(sender: "shop")])
    }

    @Test("segments are counted with signature and opt-out phrase")
    func counted() throws {
        let body = times("好", 58)
        #expect(try sms(body, signed, to: "+8613800138000").sms?.parts.count == 1)
        #expect(try sms(body + "好", signed, to: "+8613800138000").sms?.parts.count == 2)
    }

    @Test("over max_segments a class rejects or warns, at it neither")
    func maxSegments() throws {
        let rejecting = policy { $0.maxSegments = 1 }
        #expect(try sms(times("A", 160), rejecting).sms?.parts.count == 1)
        #expect(throws: RenderError.overlong(segments: 2, limit: 1, by: "class notification")) {
            try sms(times("A", 161), rejecting)
        }
        let warning = policy {
            $0.maxSegments = 1
            $0.rejectsOverlong = false
        }
        #expect(try sms(times("A", 161), warning).warnings == [.overlong(segments: 2, limit: 1)])
    }

    @Test("no SMS has more than 255 parts")
    func mostSegments() throws {
        #expect(try sms(times("A", 153 * 255), policy()).sms?.parts.count == 255)
        #expect(code { () throws(RenderError) in _ = try sms(times("A", 153 * 255 + 1), policy()) } == "overlong")
    }

    @Test(
        "required variables must be there and not blank, whether class or template asks",
        arguments: [
            (#"{"order": {"number": "1"}, "time": "9:00"}"#, nil),
            (#"{"order": {"number": " "}, "time": "9:00"}"#, "required_variable"),
            (#"{"order": {"number": "1"}}"#, "required_variable"),
            (#"{"order": {"number": "1"}, "time": null}"#, "required_variable"),
        ] as [(String, String?)])
    func required(_ variables: String, _ expected: String?) throws {
        let renderer = Renderer(policy { $0.requiredVariables = ["order.number"] })
        let template = try parsed(.sms, "Hi", required: ["time"])
        #expect(
            code { () throws(RenderError) in _ = try renderer.render(message(.sms, variables), template: template) } == expected)
    }

    @Test("all variables that are missing are named at once, with whose rule it is")
    func allRequired() throws {
        let renderer = Renderer(policy { $0.requiredVariables = ["order.number", "time"] })
        let template = try parsed(.sms, "Hi", required: ["time", "place"])
        func error(_ variables: String) -> RenderError? {
            do throws(RenderError) {
                _ = try renderer.render(message(.sms, variables), template: template)
                return nil
            } catch { return error }
        }
        #expect(error("{}")?.sentence.contains("variables `time`, `place`, `order.number`, which template") == true)
        #expect(error("{}")?.sentence.contains(" and class ") == true)
        #expect(error(#"{"time": "1", "place": "x"}"#)?.sentence.contains("variable `order.number`, which class") == true)
        #expect(error(#"{"time": "1", "order": {"number": 2}}"#)?.sentence.contains("variable `place`, which template") == true)
    }

    @Test("the message's own sender comes before its class's, and that before the policy's")
    func senders() throws {
        var policy = policy { $0.sender = "class" }
        for key in ["class", "own"] {
            policy.senders[key] = Sender(key: key, smsPools: ["": [key]], timeZone: "UTC", defaultLocale: "en")
        }
        var message = message(.sms)
        let template = try parsed(.sms, "Hi")
        #expect(try Renderer(policy).render(message, template: template).message.from == "class")
        #expect(try Renderer(policy).sender(for: message).key == "class")
        message.sender = "own"
        #expect(try Renderer(policy).render(message, template: template).message.from == "own")
        policy.classes["notification"]?.sender = nil
        message.sender = nil
        #expect(try Renderer(policy).render(message, template: template).message.from == "SHOP")
    }

    @Test("a sender that cannot speak, an unknown sender or class and a template of another channel are errors")
    func unfit() throws {
        let mute = Renderer(policy(sender: { $0.smsPools = [:] }))
        let template = try parsed(.sms, "Hi")
        #expect(throws: RenderError.senderCannot(sender: "shop", channel: .sms)) {
            try mute.render(message(.sms), template: template)
        }
        #expect(throws: RenderError.self) { try mute.render(message(.email), template: template) }
        var odd = message(.sms)
        odd.sender = "nobody"
        #expect(throws: RenderError.unknownSender("nobody")) { try mute.render(odd, template: template) }
        odd.messageClass = "none"
        #expect(throws: RenderError.unknownClass("none")) { try mute.render(odd, template: template) }
        #expect(code { () throws(RenderError) in _ = try mute.render(message(chat), template: template) } == "wrong_channel")
    }

    @Test("an e-mail has subject, text and escaped html, sender, name, reply address and headers")
    func email() throws {
        var email = message(.email, #"{"name": "Li & Co", "items": [{"t": "Tea"}, {"t": "<Pot>"}]}"#, to: "a@example.com")
        email.headers = #"{"X-Campaign": "spring", "Reply-To": "sales@example.com", "Auto-Submitted": "auto-generated"}"#
        let template = try parsed(
            .email, "Dear {{name}},\n{{#items}}\n- {{t}}\n{{/items}}\n", subject: "For {{name}}",
            html: "<p>{{name}}</p>{{#items}}<li>{{t}}</li>{{/items}}")
        let rendered = try Renderer(policy()).render(email, template: template)
        let content = EmailContent(
            subject: "For Li & Co", text: "Dear Li & Co,\n- Tea\n- <Pot>\n",
            html: "<p>Li &amp; Co</p><li>Tea</li><li>&lt;Pot&gt;</li>",
            replyTo: "sales@example.com", headers: [("X-Campaign", "spring"), ("Auto-Submitted", "auto-generated")])
        #expect(
            rendered.message
                == RenderedMessage(content: .email(content), from: "shop@example.com", fromName: "The Shop", templateVersion: 7))
        #expect(rendered.message.segments == 1)
    }

    @Test(
        "a line break or NUL in the rendered subject is an error",
        arguments: [#"\r\nBcc: all@example.com"#, #"\n"#, #"\r"#, #"\u0000"#])
    func subject(_ value: String) throws {
        let template = try parsed(.email, "b", subject: "Hi {{x}}")
        let injected = message(.email, "{\"x\": \"\(value)\"}")
        let error = #expect(throws: RenderError.self) { try Renderer(policy()).render(injected, template: template) }
        #expect(error?.code == "line_break_in_subject")
        #expect(error?.description.contains("Bcc") == false)
    }

    @Test(
        "headers that are no texts, forge ours or carry line breaks are errors",
        arguments: [
            "[]", "{", #"{"X": 1}"#, #"{"From": "a@b.c"}"#, #"{"content-TYPE": "x"}"#, #"{"X": "a\r\nBcc: b"}"#, #"{"X\n": "a"}"#,
            #"{"X:": "a"}"#, #"{"": "a"}"#, #"{"é": "a"}"#,
        ])
    func headers(_ headers: String) throws {
        var email = message(.email)
        email.headers = headers
        let template = try parsed(.email, "b", subject: "s")
        #expect(code { () throws(RenderError) in _ = try Renderer(policy()).render(email, template: template) } == "bad_headers")
    }

    @Test("an HTTP channel gets the text, from the sender's key")
    func http() throws {
        let rendered = try Renderer(policy()).render(message(chat, #"{"n": "<1>"}"#), template: parsed(chat, "No {{n}}"))
        #expect(
            rendered.message == RenderedMessage(content: .http("No <1>"), from: "shop", fromName: "The Shop", templateVersion: 7))
    }

    @Test("every error has a code of its kind, a sentence and a remedy")
    func errors() throws {
        let place = TemplatePlace(Template(key: "k", locale: "en", channel: .sms, body: ""), part: .body, line: 1)
        let errors: [RenderError] = [
            .templateSyntax(at: place, problem: "p", remedy: "r"), .missingVariable(name: "n", at: place),
            .variableNotText(name: "n", kind: "a list", at: place), .badVariables(problem: "p", offset: 1),
            .badHeaders(problem: "p"),
            .requiredVariable(names: ["n", "m"], by: "class c requires"), .lineBreakInSubject(at: place),
            .tooLarge(what: "w", limit: "1 byte"),
            .overlong(segments: 2, limit: 1, by: "class c"), .blockedWord(list: "l", word: nil), .heldWord(list: "l", word: "w"),
            .unknownClass("c"), .unknownSender("s"), .senderCannot(sender: "s", channel: .sms),
            .wrongChannel(template: place, message: .sms),
        ]
        for error in errors {
            #expect(error.code.allSatisfy { $0.isLowercase || $0 == "_" })
            #expect(!error.sentence.isEmpty && !error.remedy.isEmpty)
            #expect(error.description == "\(error.sentence); \(error.remedy)")
        }
    }
}
