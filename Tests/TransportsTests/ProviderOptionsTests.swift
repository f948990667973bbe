import Domain
import Testing
import Text

@testable import Callbacks
@testable import Transports

@Suite("options of transports")
struct TransportOptionsTests {
    func check(_ transport: String, _ options: [String: String]) -> String {
        do {
            try TransportFactory.check(ProviderPolicy(name: "p1", transport: transport, channels: [.sms], options: options))
            return "ok"
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "a wrong option is refused with provider, option, value and remedy",
        arguments: [
            (
                "carrier-pigeon", [:],
                "provider p1: transport \"carrier-pigeon\" does not exist; use one of http, sandbox, smpp, smtp, twilio, webhook"
            ),
            ("sandbox", [:], "provider p1: option outbox is missing; name the file that keeps what was handed over, or none"),
            (
                "sandbox", ["outbox": "none", "password": "hunter2"],
                "provider p1: unknown option password; known are outbox, rules, script"
            ),
            ("sandbox", ["outbox": "none"], "ok"),
            (
                "sandbox", ["outbox": "none", "rules": "* explode"],
                "provider p1: option rules cannot be \"* explode\"; "
                    + "\"explode\" is none of accept, defer, reject, throttle, lose, down, latency, slow"
            ),
            (
                "sandbox", ["outbox": "none", "rules": "+44* accept 99%"],
                "provider p1: option rules cannot be \"+44* accept 99%\"; after 99% say what happens otherwise: else accept"
            ),
            (
                "sandbox", ["outbox": "none", "rules": "+44* accept soon"],
                "provider p1: option rules cannot be \"+44* accept soon\"; \"soon\" is not understood here"
            ),
            (
                "sandbox", ["outbox": "none", "rules": "+44* latency fast"],
                "provider p1: option rules cannot be \"+44* latency fast\"; latency needs a duration: latency 50ms or 10ms..80ms"
            ),
            (
                "sandbox", ["outbox": "none", "rules": "+44*"],
                "provider p1: option rules cannot be \"+44*\"; say what happens: accept, defer, reject, throttle, lose or down"
            ),
        ])
    func errors(transport: String, options: [String: String], expected: String) {
        #expect(check(transport, options) == expected)
    }

    @Test(
        "a wrong option of an SMPP account is refused with provider, option, value and remedy",
        arguments: [
            ([:], "ok"), (["host": ""], "option host is missing; name the carrier's SMPP server"),
            (["system_id": ""], "option system_id is missing; name the account at the carrier"),
            (["system_id": "a b"], "option system_id cannot be \"a b\"; use at most 64 characters of ASCII, without spaces"),
            (["bind": "both"], "option bind cannot be \"both\"; use transceiver, transmitter_receiver, transmitter"),
            (["receipts": "all"], "option receipts cannot be \"all\"; use none, final, failure"),
            (["long_text": "cut"], "option long_text cannot be \"cut\"; use udh8, udh16, sar, payload"),
            (["source_ton": "x"], "option source_ton cannot be \"x\"; use a whole number from 0 to 255"),
            (
                ["statuses": "0x0b=gone 11"],
                "option statuses cannot be \"0x0b=gone 11\"; \"11\" is not STATUS=CLASS, such as 0x0b=gone; classes are retry, other, "
                    + "throttled, queue_full, recipient, gone, sender, content, configuration, malformed"
            ),
            (["tls_certificate_file": "c"], "option tls_key_file is missing; tls_certificate_file needs its private key"),
            (["tls_key_file": "k"], "option tls_key_file cannot be \"k\"; it needs tls_certificate_file, too"),
            (["tls": "off", "tls_ca_file": "c"], "option tls_ca_file cannot be \"c\"; it is of no use with tls: off"),
            (["bind_window": "0"], "option bind_window cannot be \"0\"; use a whole number from 1 to 10000"),
        ] as [([String: String], String)])
    func smpp(options: [String: String], expected: String) {
        let all = ["host": "smpp.example.com", "system_id": "me"].merging(options) { $1 }
        #expect(check("smpp", all) == (expected == "ok" ? "ok" : "provider p1: \(expected)"))
    }

    @Test("secrets of an SMPP account come from files only, and an unknown option's value is not repeated")
    func smppSecrets() {
        let shown = check("smpp", ["host": "h", "system_id": "me", "password": "hunter2"])
        #expect(shown == "provider p1: unknown option password; secrets are read from files: use password_file")
        let policy = ProviderPolicy(
            name: "p1", transport: "smpp", channels: [.sms],
            options: ["host": "h", "system_id": "me", "password_file": "/nowhere"])
        #expect {
            try TransportFactory.make(policy)
        } throws: {
            "\($0)".hasPrefix("provider p1: option password_file: cannot use /nowhere: ")
        }
    }

    @Test("a file that cannot be opened is named with the system's reason")
    func file() {
        let policy = ProviderPolicy(
            name: "p1", transport: "sandbox", channels: [.sms], options: ["outbox": "/nowhere/at/all/outbox"])
        #expect {
            try TransportFactory.make(policy)
        } throws: {
            "\($0)" == "provider p1: option outbox: cannot use /nowhere/at/all/outbox: No such file or directory"
        }
    }

    @Test(
        "durations have a unit",
        arguments: [
            ("50ms", Duration.milliseconds(50)), ("1.5s", .milliseconds(1500)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
            ("250us", .microseconds(250)), ("5", nil), ("-1s", nil), ("s", nil), ("1e3s", .seconds(1000)), ("infs", nil),
            ("", nil),
        ])
    func durations(text: String, expected: Duration?) {
        #expect(Duration(option: text) == expected)
    }

    @Test(
        "globs match as people expect",
        arguments: [
            ("*", "", true), ("a*", "abc", true), ("a*", "ba", false), ("*@b.test", "x@b.test", true),
            ("*@b.test", "x@b.test2", false),
            ("+86139?", "+861391", true), ("+86139?", "+86139", false), ("*a*b*", "xxaxxbxx", true), ("*a*b*", "xxbxxaxx", false),
            ("", "", true), ("", "a", false), ("abc", "abc", true),
        ])
    func globs(pattern: String, text: String, matches: Bool) {
        #expect(Glob(pattern).matches(text) == matches)
    }
}
