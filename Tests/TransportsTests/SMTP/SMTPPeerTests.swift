import Domain
import Foundation
import ProviderSupport
import Testing

@testable import Transports

/// Self-made keys: a CA, and a certificate of it for `mail.example.test` and 127.0.0.2.
struct Certificates {
    let directory: URL
    var ca: String { directory.appending(path: "ca.pem").path }
    var certificate: String { directory.appending(path: "cert.pem").path }
    var key: String { directory.appending(path: "key.pem").path }

    /// - Parameter days: of validity from now; negative: it ended already.
    init(in directory: URL, days: Int = 2) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let openssl = try Programs.find("openssl")
        let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await Programs.run(
            openssl, ["req", "-x509"] + ec + ["-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA"],
            in: directory)
        try await Programs.run(
            openssl, ["req"] + ec + ["-keyout", "key.pem", "-out", "cert.csr", "-subj", "/CN=mail.example.test"], in: directory)
        try "subjectAltName=DNS:mail.example.test,IP:127.0.0.2\n".write(
            to: directory.appending(path: "san"), atomically: true, encoding: .utf8)
        try await Programs.run(
            openssl,
            ["x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cert.pem"]
                + ["-days", String(days), "-extfile", "san"], in: directory)
    }
}

/// A postfix of our own: own configuration, own queue, mail thrown away, no daemon outside its folder.
final class TestPostfix {
    let port: Int
    let directory: URL
    let certificates: Certificates

    /// - Parameter more: lines for main.cf; `DIR` is its folder.
    init(_ more: String = "") async throws {
        port = try Programs.freePort()
        // postfix wants its folders reachable for its own user.
        directory = URL(filePath: "/tmp/postfix-\(UUID().uuidString.prefix(8))")
        certificates = try await Certificates(in: directory.appending(path: "tls"))
        let configuration = directory.appending(path: "etc")
        for name in ["etc", "queue", "data"] {
            try FileManager.default.createDirectory(at: directory.appending(path: name), withIntermediateDirectories: true)
        }
        try FileManager.default.setAttributes([.ownerAccountName: "postfix"], ofItemAtPath: directory.path + "/data")
        try """
        compatibility_level = 3.6
        queue_directory = \(directory.path)/queue
        data_directory = \(directory.path)/data
        maillog_file = \(directory.path)/queue/mail.log
        maillog_file_prefixes = /tmp
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = mail.example.test
        mydestination =
        mynetworks = 127.0.0.0/8
        smtpd_relay_restrictions = permit_mynetworks, reject
        smtpd_recipient_restrictions = check_recipient_access inline:{ {gone@y.test = 550 5.1.1 no such user}, {later@y.test = 450 4.2.0 greylisted} }
        default_transport = discard:
        relay_transport = discard:
        local_transport = discard:
        alias_maps =
        message_size_limit = 200000
        smtpd_tls_security_level = may
        smtpd_tls_cert_file = \(certificates.certificate)
        smtpd_tls_key_file = \(certificates.key)
        smtpd_error_sleep_time = 0
        smtpd_peername_lookup = no
        \(more.replacing("DIR", with: directory.path))

        """.write(to: configuration.appending(path: "main.cf"), atomically: true, encoding: .utf8)
        try """
        127.0.0.1:\(port) inet n - n - - smtpd
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        discard unix - - n - - discard
        virtual unix - n n - - virtual
        error unix - - n - - error
        retry unix - - n - - error
        proxymap unix - - n - - proxymap
        anvil unix - - n - 1 anvil
        tlsmgr unix - - n 1000? 1 tlsmgr
        showq unix n - n - - showq
        postlog unix-dgram n - n - 1 postlogd

        """.write(to: configuration.appending(path: "master.cf"), atomically: true, encoding: .utf8)
        try await Programs.run(Programs.find("postfix"), ["-c", configuration.path, "start"])
        let limit = ContinuousClock.now + .seconds(20)
        while !Programs.accepts(port: port) {
            try #require(.now < limit, "postfix does not listen")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func log() throws -> String {
        String(decoding: try Data(contentsOf: directory.appending(path: "queue/mail.log")), as: UTF8.self)
    }

    func stop() async throws {
        try await Programs.run(Programs.find("postfix"), ["-c", directory.appending(path: "etc").path, "stop"])
        try FileManager.default.removeItem(at: directory)
    }

    /// Stops it whatever happens in `body`.
    static func serving(_ more: String = "", _ body: (TestPostfix) async throws -> Void) async throws {
        let postfix = try await TestPostfix(more)
        do { try await body(postfix) } catch {
            try await postfix.stop()
            throw error
        }
        try await postfix.stop()
    }
}

@Suite(
    "SMTP against real servers", .serialized, .timeLimit(.minutes(3)),
    .enabled(if: getuid() == 0 || ProcessInfo.processInfo.environment["CI"] != nil))
struct SMTPPostfixTests {
    @Test("postfix with STARTTLS takes mail, names its queue ids, and refuses what it should")
    func postfix() async throws {
        try await TestPostfix.serving { postfix in
            let secure = [
                "pipelining": "full", "tls": "required", "tls_ca_file": postfix.certificates.ca,
                "tls_server_name": "mail.example.test",
            ]
            let transport = try smtp(port: postfix.port, secure)
            let results = await transport.answers([
                simple(1), mail(.init(subject: "", text: "x"), id: 2, to: "gone@y.test"),
                mail(.init(subject: "Grüße", text: "好"), id: 3, to: "later@y.test"),
                mail(.init(subject: "big", text: String(repeating: "x\n", count: 200_000)), id: 4),
                mail(.init(subject: "Grüße", text: "Grüße 好", html: "<p>好</p>"), id: 5, to: "a@bücher.example"),
                mail(.init(subject: "Grüße", text: "x"), id: 6, to: "josé+=@y.test"),
            ])
            #expect(results.map(\.outcome.name) == ["accepted", "rejected", "deferred", "rejected", "accepted", "accepted"])
            #expect(results[1].outcome.failure?.code == "smtp_550_5.1.1" && results[1].outcome.failure?.suppressesAddress == true)
            #expect(results[2].outcome.failure?.code == "smtp_450_4.2.0" && results[2].outcome.failure?.throttled == false)
            #expect(results[3].outcome.failure?.code == "message_too_big")
            for (id, result) in [(1, results[0]), (5, results[4]), (6, results[5])] {
                guard case .accepted(let reference?) = result.outcome else {
                    Issue.record("\(result.outcome)")
                    continue
                }
                #expect(!reference.contains("@"), "a queue id, not our Message-ID")
                let limit = ContinuousClock.now + .seconds(10)
                func isLogged() throws -> Bool {
                    try postfix.log().contains("\(reference): message-id=<\(id).martlet@example.com>")
                }
                while try !isLogged(), .now < limit { try await Task.sleep(for: .milliseconds(20)) }
                #expect(try isLogged())
            }
            for address in ["a@xn--bcher-kva.example", "josé+=@y.test"] {
                let limit = ContinuousClock.now + .seconds(10)
                while try !postfix.log().contains("to=<\(address)>"), .now < limit {
                    try await Task.sleep(for: .milliseconds(20))
                }
                let log = try postfix.log()
                #expect(log.contains("to=<\(address)>"), "\(log.split(separator: "\n").filter { $0.contains("to=") }.prefix(9))")
            }
            // Many at once.
            let many = await transport.answers((100..<300).map { simple($0) })
            #expect(Set(many.map(\.outcome.name)) == ["accepted"])
            #expect(Set(many.map { "\($0.outcome)" }).count == 200, "every message has its own queue id")
            await transport.drain()
        }
    }

    @Test("a wrong name or an unknown CA is refused, and nothing is sent")
    func verification() async throws {
        try await TestPostfix.serving { postfix in
            let ca = ["tls": "required", "tls_ca_file": postfix.certificates.ca]
            let name = "the certificate is not for"
            for (options, words) in [
                (ca, name), (ca.merging(["tls_server_name": "other.example.test"]) { $1 }, name),
                (["tls": "required", "tls_server_name": "mail.example.test"], "the certificate cannot be trusted"),
                (["tls": "implicit"], "the server does not speak TLS at once"),
            ] {
                let failure = try await smtp(port: postfix.port, options).answers([simple()])[0].outcome.failure
                #expect(
                    failure?.code == "tls_failed" && failure?.countsAttempt == false && failure?.retryAfter != nil, "\(options)")
                #expect(failure?.detail.hasPrefix(words) == true, "\(String(describing: failure))")
            }
            #expect(try !postfix.log().contains("message-id="))
            // What is merely opportunistic may go in the clear, but not to somebody who shows a wrong certificate.
            let opportunistic = try await smtp(port: postfix.port, ["tls": "opportunistic"]).answers([simple()])[0]
            #expect(opportunistic.outcome.failure?.code == "tls_failed")
            #expect(try await smtp(port: postfix.port).answers([simple()])[0].outcome.name == "accepted", "tls: off")
        }
    }
}

@Suite("SMTP against aiosmtpd", .serialized, .timeLimit(.minutes(3)))
struct SMTPPythonTests {
    /// Serves on argv[1] until killed; the options are Python.
    static let script = """
        import sys, ssl, asyncio, base64
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import SMTP, AuthResult
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith('grey'): return '451 Greylisted, try again later'
                if address.startswith('busy'): return '451 Temporary local problem'
                if address.startswith('gone'): return '550 Mailbox not found'
                if address.startswith('ours'): return '550 Rejected: your reverse DNS entry does not exist'
                envelope.rcpt_tos.append(address)
                return '250 OK'
            async def handle_DATA(self, server, session, envelope):
                data = envelope.original_content
                print('OPTIONS', envelope.mail_options, envelope.rcpt_tos, flush=True)
                print('MAIL', envelope.mail_from, envelope.rcpt_tos, session.ssl is not None, session.authenticated, len(data), flush=True)
                return '250 2.0.0 Ok: queued as PY%d' % len(data)
            async def auth_XOAUTH2(self, server, args):
                said = base64.b64decode(args[1]).decode()
                if said == 'user=user\\x01auth=Bearer pass word\\x01\\x01': return AuthResult(success=True, auth_data=said)
                await server.challenge_auth(b'{"status":"401","schemes":"Bearer"}')
                return AuthResult(success=False, handled=False)
        def check(server, session, envelope, mechanism, data):
            ok = data.login == b'user' and data.password == b'pass word'
            return AuthResult(success=ok, handled=ok)
        options = eval(sys.argv[2])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls = options.pop('tls', None)
        if tls: context.load_cert_chain(sys.argv[3], sys.argv[4])
        if tls == 'starttls': options['tls_context'] = context
        async def main():
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(Handler(), authenticator=check, **options), '127.0.0.1', int(sys.argv[1]),
                ssl=context if tls == 'implicit' else None)
            await server.serve_forever()
        asyncio.run(main())
        """

    static func server(_ options: String, _ certificates: Certificates) async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in
            ["-c", script, String(port), options, certificates.certificate, certificates.key]
        }
    }

    @Test(
        "a server without PIPELINING, with STARTTLS, implicit TLS or none, with PLAIN or LOGIN",
        arguments: [
            ("{}", ["tls": "off"], "False None"),
            (
                "{'tls':'starttls','require_starttls':True,'auth_required':True}", ["tls": "required", "user": "user"],
                "True True"
            ),
            ("{'tls':'starttls','auth_exclude_mechanism':['PLAIN']}", ["tls": "opportunistic", "user": "user"], "True True"),
            ("{'tls':'implicit','auth_require_tls':False}", ["tls": "implicit", "user": "user"], "False True"),
            ("{'auth_require_tls':False}", ["tls": "off", "user": "user", "auth_in_clear": "true"], "False True"),
            ("{'tls':'implicit','auth_require_tls':False}", ["tls": "implicit", "user": "user", "token": "yes"], "False True"),
        ])
    func modes(server options: String, client: [String: String], expected: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let certificates = try await Certificates(in: directory)
        let server = try await Self.server(options, certificates)
        var client = client
        if client["tls"] != "off" {
            client["tls_ca_file"] = certificates.ca
            client["tls_server_name"] = "mail.example.test"
        }
        if client["user"] != nil {
            let file = directory.appending(path: "password")
            try "pass word\n".write(to: file, atomically: true, encoding: .utf8)
            client[client.removeValue(forKey: "token") == nil ? "password_file" : "token_file"] = file.path
        }
        let transport = try smtp(port: server.port, client)
        let results = await transport.answers((1...5).map { simple($0) })
        for result in results {
            guard case .accepted(let reference?) = result.outcome else {
                Issue.record("\(result.outcome)")
                continue
            }
            #expect(reference.hasPrefix("PY"))
        }
        let lines = try server.log().split(separator: "\n").filter {
            $0.hasPrefix("MAIL shop@example.com ['b@y.test'] \(expected) ")
        }
        let log = try server.log()
        #expect(lines.count == 5, "\(log)")
        await transport.drain()
    }

    @Test("an expired certificate is refused in plain words, and nothing is sent", arguments: ["starttls", "implicit"])
    func expired(mode: String) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let certificates = try await Certificates(in: directory, days: -1)
        let server = try await Self.server("{'tls':'\(mode)'}", certificates)
        let options = ["tls_ca_file": certificates.ca, "tls_server_name": "mail.example.test"]
        let transport = try smtp(port: server.port, options.merging(["tls": mode == "implicit" ? "implicit" : "required"]) { $1 })
        let failure = try #require(await transport.answers([simple()])[0].outcome.failure)
        #expect(failure.code == "tls_failed" && !failure.countsAttempt && failure.detail.contains("expired"), "\(failure)")
        #expect(try !server.log().contains("MAIL"))
    }

    @Test("a server with SMTPUTF8 gets the address as it is, and the word only for that message")
    func smtpUTF8() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let certificates = try await Certificates(in: directory)
        let server = try await Self.server("{'enable_SMTPUTF8':True}", certificates)
        let transport = try smtp(port: server.port, ["connections": "1"])
        let results = await transport.answers([
            simple(1), mail(.init(subject: "好", text: "x"), id: 2, to: "josé@y.test"), simple(3),
        ])
        #expect(results.map(\.outcome.name) == ["accepted", "accepted", "accepted"])
        await transport.drain()
        let lines = try server.log().split(separator: "\n").filter { $0.hasPrefix("OPTIONS") }
        #expect(lines.map { $0.contains("'SMTPUTF8'") } == [false, true, false], "\(lines)")
        #expect(lines[1].contains("['josé@y.test']"))
        let ascii = try await Self.server("{}", certificates)
        let refused = try await smtp(port: ascii.port).answers([mail(.init(subject: "", text: ""), to: "josé@y.test")])
        #expect(refused[0].outcome.failure?.code == "smtputf8_unsupported")
    }

    @Test("a server that refuses single recipients for now slows no other message down, and only a dead mailbox is one")
    func singleRecipients() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let server = try await Self.server("{}", try await Certificates(in: directory))
        let transport = try smtp(port: server.port)
        let names = (0..<100).map { index in
            switch index % 10 {
            case 3: "grey\(index)"
            case 5: "busy\(index)"
            case 7: "gone\(index)"
            case 9: "ours\(index)"
            default: "there\(index)"
            }
        }
        let results = await transport.answers(
            names.enumerated().map { mail(.init(subject: "x", text: "x"), id: Int64($0 + 1), to: "\($1)@y.test") })
        await transport.drain()
        for (name, result) in zip(names, results) {
            let failure = result.outcome.failure
            let said =
                "\(result.outcome.name) \(failure?.blame.rawValue ?? "-") \(failure?.throttled ?? false) \(failure?.suppressesAddress ?? false)"
            switch name.prefix(4) {
            case "grey", "busy": #expect(said == "deferred recipient false false", "\(name)")
            case "gone": #expect(said == "rejected recipient false true", "\(name)")
            case "ours": #expect(said == "rejected sender false false", "\(name)")
            default: #expect(said == "accepted - false false", "\(name)")
            }
        }
    }

    @Test("an access token that is refused says so, without the token")
    func wrongToken() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let certificates = try await Certificates(in: directory)
        let server = try await Self.server("{'auth_require_tls':False}", certificates)
        let file = directory.appending(path: "token")
        try "planted-token".write(to: file, atomically: true, encoding: .utf8)
        let options = ["user": "user", "token_file": file.path, "auth_in_clear": "true"]
        let failure = try await smtp(port: server.port, options).answers([simple()])[0].outcome.failure
        #expect(failure?.code == "authentication_failed" && failure?.countsAttempt == false)
        #expect(!"\(String(describing: failure))".contains("planted"))
    }

    @Test("a wrong password defers all messages unburned for minutes, without a hot loop, until the file is right")
    func wrongPassword() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        defer { Programs.discard { try FileManager.default.removeItem(at: directory) } }
        let certificates = try await Certificates(in: directory)
        let server = try await Self.server("{'auth_require_tls':False}", certificates)
        let file = directory.appending(path: "password")
        try "planted-secret".write(to: file, atomically: true, encoding: .utf8)
        let options = ["user": "user", "password_file": file.path, "auth_in_clear": "true"]
        let transport = try smtp(port: server.port, options)
        for _ in 0..<20 {
            for result in await transport.answers((1...10).map { simple($0) }) {
                let failure = try #require(result.outcome.failure)
                #expect(result.outcome.name == "deferred" && failure.code == "authentication_failed" && !failure.countsAttempt)
                #expect((failure.retryAfter ?? .zero) > .seconds(25))
                #expect(!"\(failure)".contains("planted"))
            }
        }
        try "pass word".write(to: file, atomically: true, encoding: .utf8)
        #expect(try await smtp(port: server.port, options).answers([simple()])[0].outcome.name == "accepted")
    }
}
