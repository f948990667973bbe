import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import Settings
import Testing

@testable import Transports

/// What the imitations take for a password, token or key.
let testSecret = "5ecret-of-the-tests"

/// Files with secrets that a test needs.
struct TestSecretFile: ~Copyable {
    let path: String
    init(_ text: String = testSecret) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID().uuidString)").path
        try (text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
    deinit { Programs.discard { try FileManager.default.removeItem(atPath: path) } }
}

enum HTTPTests {
    static let folder = Programs.root.appending(path: "Tests/TransportsTests/HTTP")
    static let examples = Programs.root.appending(path: "Config/examples/providers")

    static func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: examples.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    static func imitations() async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in [folder.path + "/imitations.py", String(port)] }
    }

    static func hostile(_ certificates: Certificates? = nil) async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in
            [folder.path + "/hostile.py", String(port)] + (certificates.map { [$0.certificate, $0.key] } ?? [])
        }
    }

    /// The provider of an example file, read as `config validate` reads it: beside the shipped policy.
    static func example(_ file: String) throws -> ProviderPolicy {
        var texts = try PolicyFiles.read(directory: Programs.root.path + "/Config/policy")
        let text = try String(contentsOf: examples.appending(path: file), encoding: .utf8)
        let entry = try #require(text.firstRange(of: "\nproviders:\n"))
        texts["providers.yaml", default: ""] += text[entry.upperBound...]
        let shipped = try PolicyFiles.parse(PolicyFiles.read(directory: Programs.root.path + "/Config/policy")).providers
        let added = try PolicyFiles.parse(texts).providers.filter { shipped[$0.key] == nil }
        #expect(added.count == 1)
        return try #require(added.values.first)
    }

    /// The same provider at an imitation: host, port and secrets are others, everything else is what is shipped.
    static func local(_ file: String, port: Int, secret: String) throws -> ProviderPolicy {
        var policy = try example(file)
        if policy.transport == "twilio" { policy.options["base_url"] = "https://api.twilio.com" }
        for name in ["base_url", "url", "test_url"] {
            guard let url = policy.options[name] else { continue }
            let parts = url.split(separator: "/", maxSplits: 2)
            // Both clouds have one address for everything: the imitation tells them apart by the path.
            let path = policy.options["sign"] == nil ? parts.count > 2 ? String(parts[2]) : "" : policy.name
            policy.options[name] = "http://127.0.0.1:\(port)" + (path.isEmpty ? "" : "/\(path)")
        }
        policy.options["allow_private"] = "true"
        policy.options["in_clear"] = "true"
        for name in policy.options.keys where name.hasSuffix("_file") { policy.options[name] = secret }
        return policy
    }

    /// A provider whose peer has bad manners; `url` is what stands behind the host.
    static func provider(
        _ port: Int, _ path: String, window: Int = 50, scheme: String = "http", logs: Logs? = nil,
        _ options: [String: String] = [:]
    ) throws -> any Transport {
        var all = [
            "url": "\(scheme)://127.0.0.1:\(port)\(path)", "allow_private": "true",
            "in_clear": scheme == "http" ? "true" : "false",
            "body": "{\"to\": \"{to}\", \"text\": \"{text}\"}", "id": "id",
        ]
        all.merge(options) { $1 }
        return try TransportFactory.make(
            ProviderPolicy(name: "api", transport: "http", channels: [.sms], window: window, options: all),
            logger: logs?.logger ?? Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}

/// Everything that was logged.
final class Logs: Sendable {
    private let lines = NIOLockedValueBox<[String]>([])
    var text: String { lines.withLockedValue { $0.joined(separator: "\n") } }
    var logger: Logger {
        var logger = Logger(label: "test") { [lines] _ in Handler(lines: lines) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: NIOLockedValueBox<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.withLockedValue { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:]) \(metadata)") }
        }
    }
}

/// A request as the imitation read it.
struct SeenRequest {
    var path: String
    var headers: [String: String]
    var body: String

    /// In order.
    static func all(_ server: TestServer) throws -> [SeenRequest] {
        try server.log().split(separator: "\n").map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return SeenRequest(
                path: try #require(object["path"] as? String), headers: try #require(object["headers"] as? [String: String]),
                body: try #require(object["body"] as? String))
        }
    }

    func header(_ name: String) -> String? { headers.first { $0.key.lowercased() == name.lowercased() }?.value }
}

extension Outcome {
    /// `rejected twilio_21610 recipient countedAttempts suppress`
    var summary: String {
        if case .accepted(let reference) = self { return "accepted \(reference ?? "-")" }
        guard let failure else { return name }
        return
            ([name, failure.code, failure.blame.rawValue, failure.countsAttempt ? "burned" : "kept"]
            + (failure.throttled ? ["throttled"] : []) + (failure.suppressesAddress ? ["suppress"] : [])
            + [failure.suppressedScope].compactMap(\.self)).joined(separator: " ")
    }
}
