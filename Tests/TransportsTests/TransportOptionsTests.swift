import Domain
import Testing

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
            ("carrier-pigeon", [:], "provider p1: transport \"carrier-pigeon\" does not exist; use one of sandbox, smpp, smtp"),
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

    @Test("a file that cannot be opened is named with the system's reason")
    func file() {
        let policy = ProviderPolicy(name: "p1", transport: "sandbox", channels: [.sms], options: ["outbox": "/nowhere/outbox"])
        #expect {
            try TransportFactory.make(policy)
        } throws: {
            "\($0)" == "provider p1: option outbox: cannot use /nowhere/outbox: No such file or directory"
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
