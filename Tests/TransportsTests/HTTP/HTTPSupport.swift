import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import ProviderSupport
import Testing

@testable import Transports

enum HTTPTests {
    static let folder = Programs.root.appending(path: "Tests/TransportsTests/HTTP")

    static func imitations() async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in [folder.path + "/imitations.py", String(port)] }
    }

    static func hostile(_ certificates: Certificates? = nil) async throws -> TestServer {
        try await TestServer(Programs.python) { port, _ in
            [folder.path + "/hostile.py", String(port)] + (certificates.map { [$0.certificate, $0.key] } ?? [])
        }
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
            ([name, failure.code, failure.blame.rawValue, failure.countsAttempt ? "counted" : "kept"]
            + (failure.throttled ? ["throttled"] : []) + (failure.suppressesAddress ? ["suppress"] : [])
            + [failure.suppressedScope].compactMap(\.self)).joined(separator: " ")
    }
}
