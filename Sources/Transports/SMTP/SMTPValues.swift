import Domain
import Foundation
import NIOCore

/// How a connection is protected.
enum SMTPTLSMode: String, Sendable, CaseIterable { case off, opportunistic, required, implicit }

/// What a session needs to know about its provider.
struct SMTPSessionConfiguration: Sendable {
    var hostname: String
    var tls: SMTPTLSMode
    var credentials: SMTPCredentials?
    var authInClear = false
}

/// User and password. Descriptions never show the password.
struct SMTPCredentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var user: String
    var password: String
    var description: String { "credentials of \(user)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: ["user": user]) }

    var plain: String { MIMEBody.base64([0] + Array(user.utf8) + [0] + Array(password.utf8)) }

    /// Some servers repeat what they were sent.
    func hidden(in text: String) -> String {
        [plain, MIMEBody.base64(Array(password.utf8)), password].filter { !$0.isEmpty }
            .reduce(text) { $0.replacing($1, with: "***") }
    }
}

/// One message for one recipient, ready for the wire.
struct SMTPTransaction: Sendable {
    var from: String
    var to: String
    /// With dots stuffed and the final dot.
    var content: ByteBuffer
    /// Octets before dot-stuffing (RFC 1870).
    var size: Int
    var isEightBit: Bool
    /// The reference where the server names none.
    var messageID: String
}

/// What EHLO offers.
struct SMTPCapabilities: Sendable, Equatable {
    var pipelining = false
    var eightBitMIME = false
    var startTLS = false
    var offersSize = false
    /// nil: none was named.
    var sizeLimit: Int?
    var mechanisms: Set<String> = []

    init() {}

    init(_ reply: SMTPReply) {
        for line in reply.lines.dropFirst() {
            // `AUTH=LOGIN` is how servers before RFC 2554 wrote it.
            let words = line.uppercased().split { $0 == " " || $0 == "=" }
            switch words.first {
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBitMIME = true
            case "STARTTLS": startTLS = true
            case "AUTH": mechanisms.formUnion(words.dropFirst().map(String.init))
            case "SIZE":
                offersSize = true
                sizeLimit = words.dropFirst().first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
            default: break
            }
        }
    }
}

/// AUTH PLAIN (RFC 4616) or LOGIN, whichever is offered.
struct SMTPAuthentication: Sendable {
    let command: String
    private var responses: [String]

    init?(_ credentials: SMTPCredentials, offered: Set<String>) {
        if offered.contains("PLAIN") {
            command = "AUTH PLAIN \(credentials.plain)"
            // For servers that ignore the initial response and ask.
            responses = [credentials.plain]
        } else if offered.contains("LOGIN") {
            command = "AUTH LOGIN"
            responses = [MIMEBody.base64(Array(credentials.user.utf8)), MIMEBody.base64(Array(credentials.password.utf8))]
        } else {
            return nil
        }
    }

    /// The answer to a 334; nil: there is nothing left to say.
    mutating func response() -> String? { responses.isEmpty ? nil : responses.removeFirst() }
}

/// Why a connection never became usable. No message is at fault.
struct SMTPSetupFailure: Error, Sendable, Equatable {
    var failure: Failure
    /// Trying again soon is useless: somebody must change the policy, the password or the server.
    var isConfiguration: Bool

    static func tlsUnavailable(_ detail: String) -> Self { .init("tls_unavailable", detail) }
    static let injected = Self(
        "tls_injection", "bytes arrived between the answer to STARTTLS and the handshake: somebody is in the middle")
    static let authenticationInClear = Self(
        "authentication_in_clear", "credentials are not sent without TLS; set tls: required, or auth_in_clear: true",
        isConfiguration: true)
    static func authenticationUnavailable(_ offered: Set<String>) -> Self {
        let list = offered.sorted().joined(separator: " ")
        return .init(
            "authentication_unavailable",
            "the server offers \(list.isEmpty ? "no AUTH" : "AUTH \(list)"); PLAIN and LOGIN are spoken",
            isConfiguration: true)
    }

    static func refused(_ reply: SMTPReply, _ stage: SMTPClassification.Stage, hiding credentials: SMTPCredentials?) -> Self {
        let isPermanent = reply.code >= 500
        var result = Self(
            stage == .authentication && isPermanent ? "authentication_failed" : reply.failureCode,
            credentials?.hidden(in: reply.shown) ?? reply.shown, isConfiguration: isPermanent)
        if !isPermanent { result.failure.throttled = SMTPClassification(reply, stage: stage).outcome.failure?.throttled ?? false }
        return result
    }

    init(_ code: String, _ detail: String, isConfiguration: Bool = false) {
        self.init(
            failure: Failure(code: code, detail: detail, blame: .provider, burnsAttempt: false), isConfiguration: isConfiguration)
    }

    init(failure: Failure, isConfiguration: Bool) {
        self.failure = failure
        self.isConfiguration = isConfiguration
    }
}

extension SMTPReply {
    /// The server's own id: `queued as 4F1C2` (postfix, aiosmtpd), `OK id=1abc-…` (exim).
    var queueID: String? {
        for marker in ["queued as ", "id="] {
            guard let start = text.range(of: marker, options: .caseInsensitive)?.upperBound else { continue }
            let id = text[start...].prefix { !$0.isWhitespace && $0 != ";" && $0 != ")" && $0 != "," }
            if !id.isEmpty, id.utf8.count <= 200 { return String(id) }
        }
        return nil
    }
}

/// RFC 5321, 4.5.2: a dot in front of every line that begins with one; then the final dot.
func dotStuffed(_ message: [UInt8]) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: message.count + message.count / 64 + 8)
    var written = 0
    var isLineStart = true
    for (index, byte) in message.enumerated() {
        if isLineStart, byte == UInt8(ascii: ".") {
            buffer.writeBytes(message[written..<index])
            buffer.writeInteger(UInt8(ascii: "."))
            written = index
        }
        isLineStart = byte == 0x0A
    }
    buffer.writeBytes(message[written...])
    if !message.isEmpty && message.suffix(2) != [0x0D, 0x0A] { buffer.writeStaticString("\r\n") }
    buffer.writeStaticString(".\r\n")
    return buffer
}
