import Domain

#if canImport(Glibc)
    import Glibc
#endif

/// A message that no server needs to see to know that it cannot go out.
struct SubmissionRefused: Error, Equatable {
    let failure: Failure
    init(code: String, detail: String, blame: Failure.Blame) {
        failure = Failure(code: code, detail: detail, blame: blame)
    }
}

/// One e-mail as the bytes that follow `DATA`, before dot-stuffing: RFC 5322 and MIME, CRLF throughout.
struct MIMEMessage {
    let from: Mailbox
    let to: Mailbox
    /// The same on every attempt, so that a receiver can recognise a repetition: `<ID.martlet@domain>`.
    let messageID: String
    private let fromName: String?
    private let replyTo: Mailbox?
    private let content: EmailContent

    /// - Parameter domain: of the Message-ID; nil: the sender's.
    /// - Throws: `SubmissionRefused`, to be answered as `rejected`.
    init(_ submission: Submission, domain: String? = nil) throws(SubmissionRefused) {
        guard case .email(let content) = submission.rendered.content else {
            throw SubmissionRefused(code: "wrong_channel", detail: "an SMTP provider takes e-mail only", blame: .martlet)
        }
        self.content = content
        from = try Self.mailbox(submission.rendered.from, "sender", .sender)
        to = try Self.mailbox(submission.to, "recipient", .recipient)
        replyTo = try content.replyTo.map { (text) throws(SubmissionRefused) in try Self.mailbox(text, "reply-to", .sender) }
        fromName = submission.rendered.fromName
        messageID = "<\(submission.messageID.rawValue).martlet@\(domain ?? from.domain)>"
    }

    /// An address in its header is not ASCII (RFC 6532).
    var needsUTF8: Bool { from.needsUTF8 || to.needsUTF8 || replyTo?.needsUTF8 == true }

    private static func mailbox(_ text: String, _ role: String, _ blame: Failure.Blame) throws(SubmissionRefused) -> Mailbox {
        do {
            return try Mailbox(text)
        } catch {
            throw SubmissionRefused(
                code: "invalid_\(role.replacing("-", with: "_"))", detail: "the \(role) address is not of the form local@domain",
                blame: blame)
        }
    }

    /// - Parameter extra: fields of our own, in ASCII, folded at their spaces.
    /// - Throws: `SubmissionRefused`, to be answered as `rejected`.
    func encode(
        eightBit: Bool, date: time_t = time(nil), extra: [(name: String, value: String)] = []
    ) throws(SubmissionRefused) -> [UInt8] {
        do {
            var header = MIMEHeader()
            header.raw("Date", Self.format(date))
            try header.mailbox("From", from, displayName: fromName)
            header.raw("To", to.address)
            if let replyTo { header.raw("Reply-To", replyTo.address) }
            try header.text("Subject", content.subject)
            header.raw("Message-ID", messageID)
            for (name, value) in content.headers { try Self.custom(name, value, to: &header) }
            for (name, value) in extra { try header.structured(name, value) }
            header.raw("MIME-Version", "1.0")
            return try header.bytes + body(eightBit: eightBit)
        } catch {
            throw SubmissionRefused(code: "invalid_header", detail: "\(error.field): \(error.cause)", blame: .content)
        }
    }

    /// Fields that only we write: a template must not add a recipient, a second subject or a foreign structure.
    private static let reserved: Set<String> = [
        "from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "return-path", "received",
        "reply-to", "dkim-signature", "resent-to", "resent-cc", "resent-bcc", "resent-from", "x-martlet-token",
    ]

    private static func custom(_ name: String, _ value: String, to header: inout MIMEHeader) throws(MIMEHeader.Refused) {
        let shown = String(name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(60))
        guard !name.isEmpty, name.utf8.count <= 60, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") })
        else {
            throw MIMEHeader.Refused(field: shown, cause: "this is no name for a header")
        }
        let folded = name.lowercased()
        guard !reserved.contains(folded), !folded.hasPrefix("content-") else {
            throw MIMEHeader.Refused(field: shown, cause: "this header is written by Martlet itself")
        }
        if folded.hasPrefix("list-") { try header.structured(name, value) } else { try header.text(name, value) }
    }

    /// Content headers, the empty line, and the body.
    private func body(eightBit: Bool) throws(MIMEHeader.Refused) -> [UInt8] {
        var whole = Self.textPart(content.text, "text/plain", eightBit: eightBit)
        if let html = content.html {
            // RFC 2046, 5.1.4: in increasing order of faithfulness.
            whole = multipart("alternative", [whole, Self.textPart(html, "text/html", eightBit: eightBit)])
        }
        if !content.attachments.isEmpty {
            var parts = [whole]
            for attachment in content.attachments { parts.append(try Self.part(attachment)) }
            whole = multipart("mixed", parts)
        }
        // Line ends are CR LF throughout.
        if whole.last != 0x0A { whole += [0x0D, 0x0A] }
        return whole
    }

    private static func textPart(_ text: String, _ type: String, eightBit: Bool) -> [UInt8] {
        let bytes = MIMEBody.canonical(text)
        let encoding = MIMEBody.encoding(of: bytes, eightBit: eightBit)
        let charset = encoding == .sevenBit || MIMEBody.isASCII(bytes) ? "us-ascii" : "utf-8"
        var part = MIMEHeader()
        part.raw("Content-Type", "\(type); charset=\(charset)")
        part.raw("Content-Transfer-Encoding", encoding.rawValue)
        return part.bytes + [0x0D, 0x0A] + MIMEBody.encode(bytes, as: encoding)
    }

    private func multipart(_ subtype: String, _ parts: [[UInt8]]) -> [UInt8] {
        // 128 random bits: no template can contain it.
        let random = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
        let boundary = "=_\(subtype.prefix(3))_\(random)"
        var output = Array("Content-Type: multipart/\(subtype);\r\n boundary=\"\(boundary)\"\r\n\r\n".utf8)
        for part in parts { output += Array("--\(boundary)\r\n".utf8) + part + [0x0D, 0x0A] }
        return output + Array("--\(boundary)--\r\n".utf8)
    }

    private static func part(_ attachment: EmailContent.Attachment) throws(MIMEHeader.Refused) -> [UInt8] {
        let types = attachment.mediaType.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // RFC 2045, 6.4: multipart and message must not be base64.
        guard types.count == 2, types.allSatisfy({ !$0.isEmpty && $0.count <= 127 && $0.allSatisfy(Mailbox.isAtomText) }),
            !["multipart", "message"].contains(String(types[0])?.lowercased())
        else {
            throw MIMEHeader.Refused(field: "Content-Type", cause: "an attachment needs a media type such as application/pdf")
        }
        let disposition = try MIMEHeader.parameter("filename", attachment.name, field: "Content-Disposition")
        let header =
            "Content-Type: \(attachment.mediaType)\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\(disposition)\r\n\r\n"
        return Array(header.utf8) + MIMEBody.base64Lines(attachment.bytes)
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// RFC 5322, 3.3, in UTC whatever the locale.
    static func format(_ date: time_t) -> String {
        var seconds = date
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) +0000"
    }
}
