import Callbacks
import Domain
import NIOCore

/// How a connection is protected.
enum SMTPTLSMode: String, Sendable, CaseIterable { case off, opportunistic, required, implicit }

/// How far commands may run ahead of their answers, where the server offers PIPELINING (RFC 2920).
enum SMTPPipelining: String, Sendable, CaseIterable {
    /// One command at a time.
    case off
    /// MAIL, RCPT and DATA together.
    case envelope
    /// Also behind the content of the message before. Only for servers that answer in order: the next one's 250 must not be taken for
    /// the content's.
    case full
}

/// What a session needs to know about its provider.
struct SMTPSessionConfiguration: Sendable {
    var hostname: String
    var tls: SMTPTLSMode
    var credentials: SMTPCredentials?
    var authInClear = false
    /// nil: DSN is not spoken.
    var notifications: SMTPNotifications?
    var pipelining = SMTPPipelining.envelope
}

/// What EHLO offers.
struct SMTPCapabilities: Sendable, Equatable {
    var pipelining = false
    var eightBitMIME = false
    var startTLS = false
    var smtpUTF8 = false
    var dsn = false
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
            case "SMTPUTF8": smtpUTF8 = true
            case "DSN": dsn = true
            case "AUTH": mechanisms.formUnion(words.dropFirst().map(String.init))
            case "SIZE":
                offersSize = true
                sizeLimit = words.dropFirst().first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
            default: break
            }
        }
    }
}

extension SMTPReply {
    /// The server's own id: `queued as 4F1C2` (postfix, aiosmtpd), `OK id=1abc-…` (exim).
    var queueID: String? {
        let bytes = Array(text.utf8)
        for marker in ["queued as ", "id="] {
            guard let start = Self.end(of: Array(marker.utf8), in: bytes) else { continue }
            let id = bytes[start...].prefix { $0 > 0x20 && !";),".utf8.contains($0) }
            if !id.isEmpty, id.count <= 200 { return String(decoding: id, as: UTF8.self) }
        }
        return nil
    }

    /// Behind the first occurrence of a marker in lower case, whatever case it has there.
    private static func end(of marker: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= marker.count else { return nil }
        for start in 0...(bytes.count - marker.count) {
            var length = 0
            while length < marker.count, lowered(bytes[start + length]) == marker[length] { length += 1 }
            if length == marker.count { return start + length }
        }
        return nil
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

/// RFC 5321, 4.5.2: a dot in front of every line that begins with one; then the final dot.
func dotStuffed(_ message: [UInt8]) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: message.count + message.count / 64 + 8)
    message.withUnsafeBytes { bytes in
        var written = 0
        var line: Int? = 0
        while let start = line, start < bytes.count {
            if bytes[start] == UInt8(ascii: ".") {
                buffer.writeBytes(bytes[written..<start])
                buffer.writeInteger(UInt8(ascii: "."))
                written = start
            }
            line = bytes.firstIndex(of: 0x0A, from: start).map { $0 + 1 }
        }
        buffer.writeBytes(bytes[written...])
    }
    if !message.isEmpty && !message.suffix(2).elementsEqual([0x0D, 0x0A]) { buffer.writeStaticString("\r\n") }
    buffer.writeStaticString(".\r\n")
    return buffer
}
