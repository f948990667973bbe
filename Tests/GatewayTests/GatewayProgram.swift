import Domain
import Foundation
import Glibc
import PipelineSupport
import TestSupport
import Testing

/// The real gateway, as `swift build` left it, logged in with no more than the rights of `martlet_gateway`.
struct GatewayProgram {
    static let path = "\(PythonTool.repository)/.build/debug/martlet-gateway"
    static let publicURL = "https://hooks.swallow.example"

    let process: ChildProcess
    let port: Int
    let health: Int

    /// - Parameter binary: another build of it, to be measured.
    static func start(
        in shop: Shop, settings: [String] = [], waits: Bool = true, binary: String = path
    ) async throws -> GatewayProgram {
        try await shop.script(
            """
            do $$ begin
                if not exists (select from pg_roles where rolname = 'gateway_of_tests') then create role gateway_of_tests login in role martlet_gateway; end if;
            exception when duplicate_object or unique_violation then null; end $$
            """)
        let (port, health) = (try freePort(), try freePort())
        let standard = [
            "gateway.listen=127.0.0.1:\(port)", "gateway.health=127.0.0.1:\(health)", "gateway.public_url=\(publicURL)",
            "gateway.policy_poll=100ms",
        ]
        let process = try ChildProcess(
            [binary] + (standard + settings).flatMap { ["--set", $0] },
            environment: ["MARTLET_DATABASE_URL": shop.scratch.conninfo + " user=gateway_of_tests"])
        let gateway = GatewayProgram(process: process, port: port, health: health)
        guard waits else { return gateway }
        try await eventually(within: .seconds(30), poll: .milliseconds(50), "the gateway works") {
            if let code = process.exitCode { throw ChildFailure(what: "it ended with \(code): \(process.output)") }
            return process.output.contains("\"working\"") && process.output.contains("listening")
        }
        return gateway
    }

    struct Answer: Sendable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    /// By curl. `arguments` such as `-d`, `-H`.
    func request(_ target: String, _ arguments: [String] = []) async throws -> Answer {
        let output = try await runProcess(
            ["curl", "-s", "-i", "--max-time", "30", "http://127.0.0.1:\(port)\(target)", "-H", "Expect:"] + arguments)
        let parts = output.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        let lines = (parts.first ?? "").split(separator: "\n")
        let status = try #require(
            lines.first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }, "\(output)")
        let headers = lines.dropFirst().compactMap { line -> (String, String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        return Answer(
            status: status, headers: Dictionary(headers) { first, _ in first }, body: parts.count > 1 ? String(parts[1]) : "")
    }

    func json(_ target: String, _ body: String, _ arguments: [String] = []) async throws -> Int {
        try await request(target, ["-H", "Content-Type: application/json", "--data-binary", body] + arguments).status
    }

    func form(_ target: String, _ pairs: [String], _ arguments: [String] = []) async throws -> Int {
        try await request(target, pairs.flatMap { ["--data-urlencode", $0] } + arguments).status
    }

    func metrics() async throws -> String { try await runProcess(["curl", "-sf", "http://127.0.0.1:\(health)/metrics"]) }

    /// SIGTERM, and its exit code.
    func stop() async throws { #expect(try await process.terminate() == 0, "\(process.output.suffix(3000))") }
}

/// A shop whose providers are the shipped examples, with secrets that the tests know.
struct GatewayShop {
    static let secret = "s3cret-of-the-callbacks"
    static let older = "0lder-s3cret-of-the-callbacks"

    /// Of the policy; gets the directory of the secrets.
    typealias Change = (inout ShopPolicy, _ directory: String) throws -> Void

    let shop: Shop
    let directory: String

    static func with(
        _ files: [String], channels: [String] = [], on server: PrivateServer? = nil,
        change: Change? = nil,
        isolation: isolated (any Actor)? = #isolation, _ body: (GatewayShop) async throws -> Void
    ) async throws {
        let directory = "/tmp/gateway-\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { rmdirectory(directory) }
        var providers = ""
        for file in files {
            let text = try String(contentsOfFile: "\(PythonTool.repository)/Config/examples/providers/\(file)", encoding: .utf8)
            let start = try #require(text.firstRange(of: "\nproviders:\n"))
            providers += text[start.upperBound...].replacing("/etc/martlet/", with: directory + "/")
            for match in text.matches(of: /\/etc\/martlet\/([a-z.]+)/) {
                try "\(secret)\n\(older)\n".write(toFile: "\(directory)/\(match.1)", atomically: true, encoding: .utf8)
            }
        }
        try "\(secret)-of-links".write(toFile: "\(directory)/unsubscribe", atomically: true, encoding: .utf8)
        providers += """
              mail:
                transport: smtp
                channels: [email]
                timeout: 2s
                options:
                  host: 127.0.0.1
                  unsubscribe_url: https://links.swallow.example/u/{token}
                  unsubscribe_secret_file: \(directory)/unsubscribe
                  unsubscribe_classes: marketing

            """
        var policy = ShopPolicy { [providers] in
            $0.moreProviders = providers
            $0.moreChannels = channels.map { Channel(rawValue: $0) }
        }
        try change?(&policy, directory)
        try await Shop.with(policy, on: server) { try await body(GatewayShop(shop: $0, directory: directory)) }
    }

    /// A message that the provider accepted, without anybody having sent it; `id`: what the provider calls it.
    func accepted(by provider: String, to recipient: String, channel: String = "sms", id: String? = nil) async throws -> Int64 {
        let message = try await shop.enqueue("transactional", to: recipient, channel: channel)
        try await shop.script(
            """
            delete from martlet_data.ready where message_id = \(message);
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                values (\(message), 1, '\(provider)', 1, now(), now(), 1, 1);
            insert into martlet_data.receipts (message_id, kind, attempt, provider) values (\(message), 'accepted', 1, '\(provider)')
            """)
        if let id {
            try await shop.script(
                """
                insert into martlet_data.carrier_ids (folded, id, provider, recipient, message_id, attempt, part, parts)
                values (ltrim(lower('\(id)'), '0'), '\(id)', '\(provider)', '\(recipient)', \(message), 1, 1, 1)
                """)
        }
        return message
    }

    func state(_ message: Int64) async throws -> String {
        try await shop.texts(
            "select state || coalesce(' ' || reason, '') from martlet.message_status where message_id = \(message)"
        ).joined()
    }

    /// Everything that a callback could have written.
    func traces() async throws -> [Int] {
        var counts: [Int] = []
        for table in ["receipts where part is not null", "provider_events", "inbound_texts", "suppressions"] {
            counts.append(try await shop.number("select count(*) from martlet_data.\(table)"))
        }
        return counts
    }

    /// The signature of Twilio's own library.
    static func twilioSignature(_ url: String, _ pairs: [String], token: String = secret) async throws -> String {
        let script = """
            import sys
            from twilio.request_validator import RequestValidator
            params = dict(pair.split("=", 1) for pair in sys.argv[3:])
            print(RequestValidator(sys.argv[1]).compute_signature(sys.argv[2], params))
            """
        return try await runProcess([PythonTool.interpreter, "-c", script, token, url] + pairs)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

private func rmdirectory(_ path: String) {
    do { try FileManager.default.removeItem(atPath: path) } catch {
        // Left over in /tmp: no test depends on it.
    }
}
