import Domain
import Foundation
import Settings
import Testing

@Suite("Mistakes in policy files")
struct PolicyProblemsTests {
    /// A piece of a shipped file, what it becomes, and the problem that names it.
    struct Mistake: CustomTestStringConvertible {
        var file: String
        var piece: String
        var replacement: String
        var report: String
        var testDescription: String { "\(file): \(replacement.prefix(40))" }
        init(_ file: String, _ piece: String, _ replacement: String, _ report: String) {
            self.file = file
            self.piece = piece
            self.replacement = replacement
            self.report = report
        }
    }

    @Test(
        "a mistake is reported with line, column, field, what was found and what to do",
        arguments: [
            Mistake(
                "classes.yaml", "lane: 0", "lane: 9", "7:11: classes.otp.lane: 9 is out of range; write a number from 0 to 7"),
            Mistake("classes.yaml", "lane: 0", "lane: high", "7:11: classes.otp.lane: `high` is not a whole number"),
            Mistake("classes.yaml", "lane: 0", "lnae: 0", "7:5: classes.otp.lnae: unknown key; did you mean lane?"),
            Mistake("classes.yaml", "lane: 0", "lnae: 0", "7:5: classes.otp: lane is missing"),
            Mistake("classes.yaml", "lane: 0", "lane:", "7:5: classes.otp: lane is missing"),
            Mistake(
                "classes.yaml", "time_to_live: 5m", "time_to_live: 5 minutes",
                "8:19: classes.otp.time_to_live: `5 minutes` is not a duration"),
            Mistake(
                "classes.yaml", "time_to_live: 5m", "time_to_live: 90d", "90d is out of range; write a duration from 1s to 30d"),
            Mistake("classes.yaml", "consent: false", "consent: no", "classes.otp.consent: `no` is not true or false"),
            Mistake("classes.yaml", "in_doubt: resend", "in_doubt: resned", "`resned` is not known here; did you mean resend?"),
            Mistake(
                "classes.yaml", "in_doubt: hold\n    resends: 0", "in_doubt: hold\n    resends: 1", "1 contradicts in_doubt: hold"
            ),
            Mistake("classes.yaml", "resends: 1", "resends: 0", "0 contradicts in_doubt: resend"),
            Mistake(
                "classes.yaml", "retry_limit: 5s", "retry_limit: 500ms",
                "classes.otp.retry_limit: 500ms is shorter than retry_base 1s"),
            Mistake("classes.yaml", "22:00-08:00", "22:00-22:00", "begins and ends at the same minute"),
            Mistake(
                "classes.yaml", "22:00-08:00", "22-8", "`22-8` is not a window of hours; write local times such as 22:00-08:00"),
            Mistake("classes.yaml", "22:00-08:00", "22:00-24:00", "is not a window of hours"),
            Mistake("classes.yaml", "quiet_hours: 22:00-08:00\n", "\n", "classes.notification.release_over: needs quiet_hours"),
            Mistake("classes.yaml", "  marketing:", "  otp:", "52:3: otp: otp is there twice; keep one (the first is in line 6)"),
            Mistake("classes.yaml", "[order_number, time]", "[time, time]", "`time` is there twice"),
            Mistake("classes.yaml", "[order_number, time]", "time", "is the text `time`, not a list"),
            Mistake("classes.yaml", "classes:", "classes: [", "not valid YAML"),
            Mistake("classes.yaml", "erase_body: true", "sender: swalow", "there is no sender `swalow`; did you mean swallow?"),
            Mistake(
                "caps.yaml", "[marketing]", "[marketting]",
                "32:15: caps.marketing-per-month.classes[0]: there is no class `marketting`; did you mean marketing?"),
            Mistake("caps.yaml", "limit: 4", "limit: -1", "-1 is out of range"),
            Mistake("caps.yaml", "window: 1m", "window: 0s", "0s is out of range"),
            Mistake("caps.yaml", "window: 1m", "window: 1m\n    calendar: day", "keep window (rolling) or calendar, not both"),
            Mistake("caps.yaml", "    window: 1m\n", "", "has neither window nor calendar"),
            Mistake(
                "caps.yaml", "window: 1m", "calendar: fortnight",
                "`fortnight` is not known here; known: day, hour, minute, month, week"),
            Mistake("caps.yaml", "vip: 4", "VIP: 4", "`VIP` is not a name"),
            Mistake("caps.yaml", "over: drop", "over: discard", "known: defer, drop"),
            Mistake("caps.yaml", "[otp]", "[]", "names no class"),
            Mistake(
                "senders.yaml", "default: swallow", "default: starling", "there is no sender `starling`; known: qingyan, swallow"),
            Mistake("senders.yaml", "Europe/London", "Beijing+8", "`Beijing+8` is not an IANA time zone"),
            Mistake("senders.yaml", "Europe/London", "Europe/Lundon", "`Europe/Lundon` is not an IANA time zone"),
            Mistake("senders.yaml", "default_locale: en", "default_locale: english", "`english` is not a locale"),
            Mistake("senders.yaml", "\"+86\": 【", "86: 【", "`86` is not a country prefix"),
            Mistake("senders.yaml", "hello@swallow.example", "Swallow <hello@swallow.example>", "is not a mailbox"),
            Mistake("senders.yaml", "sms_from: Swallow", "sms_from: Swallow and Company", "is not a sender id"),
            Mistake("senders.yaml", "sms_from: Swallow", "sms_from: {\"+86\": []}", "names 0 numbers"),
            Mistake("senders.yaml", "sms_from: Swallow", "sms_from: {}", "names no number"),
            Mistake("senders.yaml", "sms_from: Swallow", "sms_from: {\"+86\": [\"1069\", \"1069\"]}", "names a number twice"),
            Mistake("senders.yaml", "sms_from: Swallow", "sms_from: {CN: \"1069\"}", "`CN` is not a country prefix"),
            Mistake(
                "providers.yaml", "rate: 500/s", "max_connections: 4",
                "max_connections: is not possible with transport sandbox"),
            Mistake("providers.yaml", "rate: 500/s", "delivered_at_least: 80", "`80` is not a share"),
            Mistake("providers.yaml", "rate: 500/s", "rate_of: bytes", "rate_of: `bytes` is not known here"),
            Mistake("senders.yaml", "email_name: Swallow & Co", "email_name: \"Swallow\\r\\nBcc: x\"", "contains a line break"),
            Mistake(
                "providers.yaml", "rate: 500/s", "rate: fast", "`fast` is not a rate; write segments per time, such as 100/s"),
            Mistake("providers.yaml", "rate: 500/s", "rate: 0/s", "is not a rate"),
            Mistake("providers.yaml", "window: 100", "window: 0", "0 is out of range"),
            Mistake("providers.yaml", "channels: [sms]", "channels: []", "names no channel"),
            Mistake(
                "providers.yaml", "outbox: .martlet/sms", "password: hunter2 #",
                "secrets do not belong into the policy; write password_file:"),
            Mistake("providers.yaml", "outbox: .martlet/sms", "auth-token: hunter2 #", "write auth-token_file:"),
            Mistake("providers.yaml", "outbox: .martlet/sms", "url: https://me:hunter2@api.example #", "contains a password"),
            Mistake(
                "routes.yaml", "provider: sandbox-sms", "provider: sandbox-smss",
                "there is no provider `sandbox-smss`; did you mean sandbox-sms?"),
            Mistake("routes.yaml", "channel: sms\n", "channel: email\n", "provider sandbox-sms does not carry email"),
            Mistake(
                "routes.yaml", "channel: sms\n  -", "channel: sms\n  - {provider: sandbox-sms, channel: sms}\n  -",
                "routes[1]: is there twice"),
            Mistake("routes.yaml", "channel: sms\n  -", "classes: [opt]\n  -", "there is no class `opt`; did you mean otp?"),
            Mistake(
                "routes.yaml", "channel: sms\n  -", "prefixes: [86]\n  -", "`86` is neither a country prefix nor a mail domain"),
            Mistake(
                "prices.yaml", "sandbox-email", "sandbox-mail", "there is no provider `sandbox-mail`; did you mean sandbox-email?"
            ),
            Mistake("prices.yaml", "currency: EUR", "currency: euro", "`euro` is not a currency"),
            Mistake("prices.yaml", "7300", "0.0073", "`0.0073` is not a whole number"),
            Mistake(
                "providers.yaml", "window: 100", "receipt_within: 30d", "30d is out of range; write a duration from 1m to 7d"),
            Mistake(
                "prices.yaml", "currency: EUR", "currency: EUR\n    from: 2026-02-30",
                "`2026-02-30` is not a date; write 2026-12-01"),
            Mistake(
                "prices.yaml", "currency: EUR", "currency: EUR\n    from: 2026-02-01\n    until: 2026-02-01",
                "prices.sandbox-sms.until: is not after from"),
            Mistake(
                "prices.yaml", "  sandbox-email:\n    currency: EUR\n    per_segment:\n      other: 90\n",
                "  sandbox-email:\n    - {currency: EUR, until: 2026-12-02, per_segment: {other: 90}}\n    - {currency: USD, from: 2026-12-01T23:00:00Z, per_segment: {other: 95}}\n",
                "prices.sandbox-email[1]: the price of other overlaps another list's (EUR, without a beginning); let one end"),
            Mistake(
                "budgets.yaml", "budgets: {}",
                "budgets: {day: {time_zone: Etc/UTC, limit: 5 segments, over: stop, classes: [opt]}}",
                "budgets.day.classes[0]: there is no class `opt`; did you mean otp?"),
            Mistake(
                "budgets.yaml", "budgets: {}",
                "budgets: {day: {time_zone: Etc/UTC, limit: 5 segments, over: stop, providers: [smtp]}}",
                "there is no provider `smtp`"),
            Mistake(
                "budgets.yaml", "budgets: {}", "budgets: {day: {limit: 5 segments, over: stop}}",
                "budgets.day: time_zone is missing"),
            Mistake(
                "budgets.yaml", "budgets: {}", "budgets: {day: {time_zone: Etc/UTC, limit: 5, over: stop}}",
                "`5` is not an amount a day"),
            Mistake(
                "budgets.yaml", "budgets: {}", "budgets: {day: {time_zone: Etc/UTC, limit: 5.1234567 EUR, over: stop}}",
                "is not an amount a day; write 250.50 EUR"),
            Mistake(
                "budgets.yaml", "budgets: {}", "budgets: {day: {time_zone: Etc/UTC, limit: 5 segments, over: drop}}",
                "known: defer, stop"),
            Mistake(
                "budgets.yaml", "budgets: {}",
                "budgets: {day: {time_zone: Etc/UTC, limit: 5 segments, over: stop, each: recipient}}",
                "`recipient` is not known here; known: group"),
            Mistake(
                "budgets.yaml", "budgets: {}",
                "budgets: {day: {time_zone: Etc/UTC, limit: 5 segments, over: stop, channels: []}}",
                "budgets.day.channels: is empty"),
            Mistake("words.yaml", "action: hold", "action: stop", "known: block, hold, warn"),
            Mistake("words.yaml", "[act now,", "[act now, act now,", "`act now` is there twice"),
            Mistake(
                "keywords.yaml", "scope: marketing", "scope: markting", "there is no class `markting`; did you mean marketing?"),
            Mistake("keywords.yaml", "\"+34\":", "34:", "`34` is not a country prefix"),
            Mistake("keywords.yaml", "stop_all: [ALLES", "stop-all: [ALLES", "unknown key; did you mean stop_all?"),
            Mistake("keywords.yaml", "start: [ALTA]", "start: [baja]", "start: `baja` is a word that stops; choose another word"),
            Mistake("keywords.yaml", "start: [ALTA]", "start: [Stop]", "start: `Stop` is a word that stops; choose another word"),
            Mistake(
                "classes.yaml", "accept_within: 4h", "track_clicks: true",
                "67:19: classes.marketing.track_clicks: needs click_url in links.yaml; add links.yaml with links: {click_url: https://…, secret_file: …}"
            ),
            Mistake("classes.yaml", "accept_within: 4h", "track_opens: true", "track_opens: needs open_url in links.yaml"),
            Mistake(
                "classes.yaml", "erase_body: true", "erase_body: true\n    track_clicks: true",
                "classes.otp.track_clicks: contradicts erase_body: true"),
            Mistake(
                "classes.yaml", "accept_within: 4h", "links_expire: 1d", "classes.marketing.links_expire: needs track_clicks"),
            Mistake("classes.yaml", "accept_within: 4h", "track_clicks: yes", "`yes` is not true or false"),
            Mistake(
                "classes.yaml", "accept_within: 4h", "track_clicks: true\n    links_expire: 90d",
                "90d is out of range; write a duration from 1h to 35d"),
            Mistake("keywords.yaml", "words:", "word:", "unknown key; did you mean words?"),
        ])
    func mistakes(_ mistake: Mistake) throws {
        let found = try problems(mistake.file, mistake.piece, mistake.replacement)
        #expect(
            found.contains { $0.file == mistake.file && $0.description.contains(mistake.report) },
            "found:\n\(found.map(\.description).joined(separator: "\n"))")
        #expect(!found.contains { $0.description.contains("hunter2") }, "a secret is repeated")
    }

    @Test("a class that needs an opt-out phrase must find one in its sender")
    func missingPhrase() throws {
        let senders = "default: a\nsenders: {a: {sms_from: A, time_zone: UTC, default_locale: en, signatures: {other: 'A: '}}}\n"
        #expect(
            try problems(of: shipped(["senders.yaml": senders])).map(\.description) == [
                "classes.yaml:64:14: classes.marketing.opt_out: is required, but sender a has no opt_out; "
                    + "add opt_out to senders.a in senders.yaml"
            ])
    }

    @Test("all mistakes of all files are reported at once, in the order of file and line")
    func allAtOnce() throws {
        let texts = try shipped([
            "caps.yaml": "caps:\n  a: {classes: [nope], limit: x, window: 1m}\n  b: {classes: [otp], limit: 1}\n",
            "words.yaml": "lists: 3\n",
        ])
        let found = problems(of: texts)
        #expect(found.map(\.file) == ["caps.yaml", "caps.yaml", "caps.yaml", "words.yaml"])
        #expect(found.compactMap(\.line) == [2, 2, 3, 1])
    }

    @Test("a missing, empty, unknown or second file is a problem; no policy without caps.yaml")
    func files() throws {
        var texts = try shipped(["cpas.yaml": "caps: {}\n", "words.yaml": "# nothing\n"])
        texts["caps.yaml"] = nil
        #expect(
            problems(of: texts).map(\.description) == [
                "caps.yaml: is missing; every policy has this file, see Config/policy",
                "cpas.yaml: is not a policy file; did you mean caps.yaml?",
                "words.yaml: is empty; see the example under Config/",
            ])
        #expect(try problems(of: shipped(["caps.yaml": "caps: {}\n---\ncaps: {}\n"])).count == 1)
        #expect(try problems(of: shipped(["caps.yaml": "caps: {}\n"])).isEmpty)
        #expect(throws: ConfigErrors.self) { try PolicyFiles.read(directory: "/nonexistent") }
    }

    @Test("a file that cannot be read does not drag false reports about its names along")
    func brokenFile() throws {
        let found = try problems(of: shipped(["classes.yaml": "classes: {"]))
        #expect(found.map(\.file) == ["classes.yaml"])
    }

    @Test("a file that would unfold into a huge tree is refused, and not unfolded", .timeLimit(.minutes(1)))
    func bombs() throws {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        bomb += "? *a30\n: x\n"
        let deep = "classes: " + String(repeating: "[", count: 500_000)
        let nested = "classes: " + String(repeating: "{a: ", count: 900) + "1" + String(repeating: "}", count: 900)
        let large = String(repeating: "# padding\n", count: 120_000)
        for (text, report) in [
            (bomb, "anchors (&name) are not supported"), ("classes: {x: !!map &a {}}", "anchors"), (deep, "nesting"),
            (nested, "classes.yaml:1:"), (large, "keep it within 1048576 bytes"), ("classes: \"\u{1}\"", "not valid YAML"),
        ] {
            // Unfolded the first would be 10^30 nodes: that ends at no limit of time.
            let found = try problems(of: shipped(["classes.yaml": text]))
            #expect(found.contains { $0.description.contains(report) }, "\(report): \(found.prefix(3))")
        }
    }

    @Test("an ampersand in a text is no anchor")
    func ampersand() throws {
        #expect(try problems("senders.yaml", "email_name: Swallow & Co", "email_name: R&D").isEmpty)
    }

    @Test(
        "durations are whole numbers with a unit",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("24h", .seconds(86_400)),
            ("30d", .seconds(2_592_000)), ("0s", .zero), ("30", nil), ("s", nil), ("-1s", nil), ("1.5s", nil), ("5000d", nil),
            ("99999999999999999999s", nil), ("1 s", nil), ("1S", nil),
        ])
    func durations(_ text: String, _ expected: Duration?) {
        #expect(Duration(configured: text) == expected)
        if let expected { #expect(Duration(configured: expected.configured) == expected) }
    }
}
