import CarrierSupport
import Domain
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import ProviderSupport
import Testing

@testable import Transports

@Suite("Looking at a provider", .serialized, .timeLimit(.minutes(3)))
struct ProbeTests {
    private func policy(_ transport: String, _ options: [String: String], _ channel: Domain.Channel = .sms) -> ProviderPolicy {
        ProviderPolicy(name: "p", transport: transport, channels: [channel], timeout: .seconds(10), options: options)
    }

    /// `resolve done` for each step; the last failed one's words.
    private func shown(_ report: ProbeReport) -> String {
        let steps = report.steps.map { "\($0.name) \($0.result.rawValue)" }.joined(separator: ", ")
        let failed = report.steps.first { $0.result == .failed }
        return steps + (failed.map { ": \($0.detail) → \($0.remedy ?? "-")" } ?? "")
    }

    private func withCertificates(days: Int = 2, _ body: (Certificates) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: folder) } }
        try await body(try await Certificates(in: folder, days: days))
    }

    // MARK: any transport

    @Test("wrong options, missing files, unknown names, no server: each is said with its remedy")
    func early() async throws {
        let options = await TransportFactory.probe(policy("smtp", [:]))
        #expect(shown(options).hasPrefix("options failed: provider p: option host is missing"))
        let file = await TransportFactory.probe(policy("smtp", ["host": "127.0.0.1", "user": "u", "password_file": "/nowhere"]))
        #expect(shown(file).contains("options failed") && shown(file).contains("/nowhere") && shown(file).contains("chmod 600"))
        let name = await TransportFactory.probe(policy("smtp", ["host": "no-such-host.invalid"]))
        #expect(shown(name).hasPrefix("resolve failed") && shown(name).contains("no-such-host.invalid has no address"))
        let port = try Programs.freePort()
        for (transport, more) in [("smtp", [:]), ("smpp", ["system_id": "me"])] {
            let refused = await TransportFactory.probe(
                policy(transport, ["host": "127.0.0.1", "port": "\(port)"].merging(more) { $1 }))
            #expect(shown(refused).contains("connect failed") && shown(refused).contains("nothing listens on this port"))
        }
        let http = await TransportFactory.probe(
            policy("http", ["url": "https://127.0.0.1:\(port)/", "allow_private": "true", "body": "{\"to\": \"{to}\"}"]))
        #expect(shown(http).contains("nothing listens on this port"))
    }

    @Test("a port that swallows everything is told from one that refuses")
    func blocked() async throws {
        // A listener whose queue is full answers no SYN, as a firewall that drops.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 0) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        let port = Int(UInt16(bigEndian: address.sin_port))
        let fill = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port)
            .get()
        let report = await TransportFactory.probe(
            policy("smtp", ["host": "127.0.0.1", "port": "\(port)", "connect_timeout": "300ms"]))
        #expect(shown(report).contains("connect failed") && shown(report).contains("the port is blocked"), "\(shown(report))")
        try await fill.close()
    }

    @Test("the sandbox needs nothing, and takes the message")
    func sandbox() async throws {
        let report = await TransportFactory.probe(policy("sandbox", ["outbox": "none"]), message: submission())
        #expect(report.isGood && report.outcome?.name == "accepted", "\(shown(report))")
    }

    // MARK: mail

    @Test("a mail server: STARTTLS, certificate, login, what it offers, one mail")
    func mail() async throws {
        try await withCertificates { certificates in
            let server = try await SMTPPythonTests.server(
                "{'tls':'starttls','require_starttls':True,'auth_required':True}", certificates)
            let password = try SecretFile("pass word")
            let options = [
                "host": "127.0.0.1", "port": "\(server.port)", "tls_ca_file": certificates.ca,
                "tls_server_name": "mail.example.test",
                "user": "user", "password_file": password.path, "hostname": "client.test",
            ]
            let good = await TransportFactory.probe(policy("smtp", options, .email), message: simple())
            #expect(shown(good) == "resolve done, connect done, tls done, login done, message done")
            #expect(
                good.steps[2].detail.contains("issued by CN=Test CA") || good.steps[2].detail.contains("issued by CN = Test CA"))
            #expect(good.offers.contains { $0.name == "AUTH" && $0.value.contains("PLAIN") })
            let wrong = try SecretFile("planted-wrong")
            let refused = await TransportFactory.probe(
                policy("smtp", options.merging(["password_file": wrong.path]) { $1 }, .email))
            #expect(shown(refused).contains("login failed") && shown(refused).contains("authentication_failed"))
            #expect(shown(refused).contains("Correct user and the file") && !shown(refused).contains("planted"))
            let name = await TransportFactory.probe(
                policy("smtp", options.merging(["tls_server_name": "other.test"]) { $1 }, .email))
            #expect(shown(name).contains("tls failed") && shown(name).contains("is not for other.test"))
        }
    }

    @Test("implicit TLS: an expired certificate, an unknown authority and a port without TLS are told apart")
    func implicit() async throws {
        for (days, ca, words) in [(-1, true, "the certificate expired on"), (2, false, "is not trusted here")] {
            try await withCertificates(days: days) { certificates in
                let server = try await SMTPPythonTests.server("{'tls':'implicit'}", certificates)
                var options = [
                    "host": "127.0.0.1", "port": "\(server.port)", "tls": "implicit", "tls_server_name": "mail.example.test",
                ]
                if ca { options["tls_ca_file"] = certificates.ca }
                let report = await TransportFactory.probe(policy("smtp", options, .email))
                #expect(shown(report).contains("tls failed") && shown(report).contains(words), "\(shown(report))")
            }
        }
        let plain = try await TestServer.sink("-v")
        let report = await TransportFactory.probe(
            policy("smtp", ["host": "127.0.0.1", "port": "\(plain.port)", "tls": "implicit"], .email))
        #expect(shown(report).contains("tls failed") && shown(report).contains("does not speak TLS"), "\(shown(report))")
    }

    @Test("a sender that the mail server does not allow is said to be the sender's fault")
    func sender() async throws {
        let server = try await TestServer.sink("-f", "MAIL", "-B", "550 5.7.1 sender not allowed")
        let report = await TransportFactory.probe(
            policy("smtp", ["host": "127.0.0.1", "port": "\(server.port)", "tls": "off"], .email), message: simple())
        #expect(
            shown(report).contains("message failed") && shown(report).contains("does not let you use this sender"),
            "\(shown(report))")
    }

    // MARK: carriers

    @Test("a carrier: bind, its name, one text; the bind is given back")
    func carrier() async throws {
        let server = try await ScriptedSMSC(mood: { frame, line in
            if frame.isSubmit { line.send(frame.accepted("id-1")) }
        })
        let options = ["host": "127.0.0.1", "port": "\(server.port)", "tls": "off", "system_id": "me"]
        let report = await TransportFactory.probe(policy("smpp", options), message: submission())
        #expect(shown(report) == "resolve done, connect done, tls skipped, login done, message done")
        #expect(report.offers == [.init(name: "system_id", value: "carrier")])
        #expect(report.outcome == .accepted(reference: "id-1"))
        #expect(server.frames(0x06).count == 2, "unbound after the look and after the message")
        try await server.stop()
    }

    @Test(
        "a bind that is refused says why and what to check",
        arguments: [(0x0D, "the bind failed"), (0x0E, "the password is wrong"), (0x0F, "system_id is not known")])
    func bindRefused(status: Int, words: String) async throws {
        let server = try await ScriptedSMSC(isKind: false) { frame, line in
            if frame.isBind { line.send(frame.answer(UInt32(status))) }
        }
        let report = await TransportFactory.probe(
            policy(
                "smpp",
                ["host": "127.0.0.1", "port": "\(server.port)", "tls": "off", "system_id": "me", "bind": "transmitter_receiver"]))
        #expect(
            shown(report).contains("login failed") && shown(report).contains(words)
                && shown(report).contains("Correct system_id"), "\(shown(report))")
        try await server.stop()
    }

    // MARK: HTTP

    @Test(
        "an HTTP provider: the test_url shows whether the credentials are right, without a message",
        arguments: try ProviderExamples.files())
    func http(file: String) async throws {
        let server = try await HTTPTests.imitations()
        let secret = try SecretFile(testSecret)
        let policy = try ProviderExamples.local(file, port: server.port, secret: secret.path)
        let good = await TransportFactory.probe(policy, message: HTTPExampleTests.message(for: file))
        let login = policy.transport == "http" && policy.options["test_url"] == nil ? "skipped" : "done"
        #expect(
            shown(good).hasPrefix("resolve done, connect done, tls skipped, login \(login), message done"), "\(shown(good))"
        )
        #expect(good.offers.contains { $0.name == "HTTP" })
        #expect(try SeenRequest.all(server).count == 1)
        let wrong = try SecretFile("planted-wrong")
        let refused = await TransportFactory.probe(try ProviderExamples.local(file, port: server.port, secret: wrong.path))
        #expect(
            (shown(refused).contains("login failed") && shown(refused).contains("refuses the credentials")) == (login == "done"),
            "\(shown(refused))")
        #expect(!shown(refused).contains("planted"))
    }

    @Test("https: the certificate is shown; a wrong one is explained; garbage is no HTTP")
    func https() async throws {
        try await withCertificates { certificates in
            let server = try await HTTPTests.hostile(certificates)
            func probe(_ host: String, _ ca: Bool, _ path: String = "/ok") async -> ProbeReport {
                var options = [
                    "url": "https://\(host):\(server.port)\(path)", "test_url": "https://\(host):\(server.port)\(path)",
                    "allow_private": "true", "body": "{\"to\": \"{to}\"}",
                ]
                if ca { options["tls_ca_file"] = certificates.ca }
                return await TransportFactory.probe(policy("http", options))
            }
            #expect(shown(await probe("127.0.0.2", true)) == "resolve done, connect done, tls done, login done, message skipped")
            let name = shown(await probe("127.0.0.1", true))
            #expect(
                name.contains("tls failed") && name.contains("the certificate is not for 127.0.0.1: it is the certificate of"),
                "\(name)")
            let unknown = shown(await probe("127.0.0.2", false))
            #expect(unknown.contains("is not trusted here") && unknown.contains("tls_ca_file"), "\(unknown)")
            let garbage = shown(await probe("127.0.0.2", true, "/garbage"))
            #expect(garbage.contains("does not speak HTTP as it should"), "\(garbage)")
            let missing = shown(await probe("127.0.0.2", true, "/status/404"))
            #expect(missing.contains("there is nothing at the test_url"), "\(missing)")
        }
    }
}
