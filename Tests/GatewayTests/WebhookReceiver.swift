import Foundation
import PipelineSupport
import TestSupport
import Testing

/// A service that takes events: a program of its own that verifies them by the library of Standard Webhooks and writes down all it got.
struct WebhookReceiver {
    static let secret = "whsec_" + Data("the new secret of the endpoint 1".utf8).base64EncodedString()
    static let older = "whsec_" + Data("the old secret of the endpoint 0".utf8).base64EncodedString()

    struct Line: Sendable {
        var path: String
        var id: String
        var status: Int
        /// Positions of the secrets that verify it: 0 new, 1 old.
        var verified: [Int]
        var signatures: Int
        /// Seconds since its timestamp.
        var age: Double
        var contentType: String
        var body: String
        var type: String
        var data: [String: String]
    }

    let process: ChildProcess
    let port: Int

    static func start() async throws -> WebhookReceiver {
        let child = try PythonTool.start([
            PythonTool.repository + "/Tests/GatewayTests/webhook_receiver.py", "0", secret, older,
        ])
        try await eventually(within: .seconds(20), "the receiver listens") { child.output.contains("\n") }
        let first = child.output.split(separator: "\n").first ?? ""
        let object = try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any]
        return WebhookReceiver(process: child, port: try #require(object?["port"] as? Int, "\(child.output)"))
    }

    /// An endpoint of webhooks.yaml that answers as `answers` says.
    func endpoint(
        _ name: String, _ answers: String = "200", secret: String, events: String, more: String = "", allowsPrivate: Bool = true
    ) -> String {
        """
          \(name):
            url: http://localhost:\(port)/\(name)/\(answers)
            secret_file: \(secret)
            events: [\(events)]
            timeout: 1s
            in_clear: true
            allow_private: \(allowsPrivate)
        \(more)

        """
    }

    /// What it has been asked so far; of one endpoint.
    func lines(_ endpoint: String? = nil) throws -> [Line] {
        let output = process.output
        let whole = output[..<(output.lastIndex(of: "\n") ?? output.startIndex)]
        return try whole.split(separator: "\n").dropFirst().map { text in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
            let body = try #require(object["body"] as? String)
            let event = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "\(body)")
            return Line(
                path: try #require(object["path"] as? String), id: try #require(object["id"] as? String),
                status: try #require(object["status"] as? Int), verified: try #require(object["verified"] as? [Int]),
                signatures: try #require(object["signatures"] as? Int), age: try #require(object["age"] as? Double),
                contentType: object["type"] as? String ?? "", body: body, type: event["type"] as? String ?? "",
                data: (event["data"] as? [String: Any] ?? [:]).compactMapValues { $0 is NSNull ? nil : "\($0)" })
        }.filter { line in endpoint.map { line.path.hasPrefix("/\($0)/") } ?? true }
    }
}

extension GatewayShop {
    /// A class `webhook` with quick tries.
    static let quickWebhooks = """
          webhook:
            lane: 2
            time_to_live: 1h
            attempts: 3
            retry_base: 100ms
            retry_limit: 100ms
            in_doubt: resend
            resends: 10
            keep_expired: true

        """

    /// A worker takes one secret for the provider's own API; callbacks may have two.
    static func oneSecret(_ directory: String) throws {
        try secret.write(toFile: "\(directory)/vonage.secret", atomically: true, encoding: .utf8)
    }

    /// A text that somebody wrote to our number, as Vonage brings it.
    func text(_ body: String, from phone: String, to number: String = "447700900999", by gateway: GatewayProgram) async throws {
        let pairs = ["msisdn=\(phone.dropFirst())", "to=\(number)", "text=\(body)"]
        #expect(try await gateway.form("/callbacks/vonage?key=\(Self.secret)", pairs) == 200)
    }

    /// A receipt about a message's first attempt.
    func receipt(_ message: Int64, _ status: String, by gateway: GatewayProgram) async throws -> Int {
        try await gateway.form(
            "/callbacks/vonage?key=\(Self.secret)", ["client-ref=\(message).1", "messageId=X\(message)", "status=\(status)"])
    }

    func webhooks() async throws -> [String: Int] {
        let rows = try await shop.texts(
            "select case state when 'dead' then 'dead:' || reason else state end from martlet.message_status where channel = 'webhook'"
        )
        return Dictionary(rows.map { ($0, 1) }, uniquingKeysWith: +)
    }
}
