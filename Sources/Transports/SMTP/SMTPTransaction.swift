import NIOCore

/// One message for one recipient, ready for the wire.
struct SMTPTransaction: Sendable {
    var from: String
    var to: String
    /// With dots stuffed and the final dot.
    var content: ByteBuffer
    /// Octets before dot-stuffing (RFC 1870).
    var size: Int
    var isEightBit: Bool
    /// An address is not ASCII: only a server with SMTPUTF8 can take it.
    var isUTF8 = false
    /// The reference where the server names none.
    var messageID: String
    /// ENVID: comes back in reports as Original-Envelope-Id. At most 100 characters of ASCII.
    var envelopeID: String?

    /// The line of a step; parameters only where their extension is offered and they are needed.
    func command(_ step: SMTPSession.Step, _ offered: SMTPCapabilities, _ notifications: SMTPNotifications?) -> String {
        var line: String
        switch step {
        case .mail:
            line = "MAIL FROM:<\(from)>"
            if offered.offersSize { line += " SIZE=\(size)" }
            if isEightBit && offered.eightBitMIME { line += " BODY=8BITMIME" }
            if isUTF8 && offered.smtpUTF8 { line += " SMTPUTF8" }
            if offered.dsn, notifications != nil {
                line += " RET=HDRS"
                if let envelopeID { line += " ENVID=\(SMTPNotifications.xtext(envelopeID))" }
            }
        case .recipient:
            line = "RCPT TO:<\(to)>"
            if offered.dsn, let notifications {
                line += " NOTIFY=\(notifications.value)"
                // RFC 6533 has another form for other alphabets; the report names the recipient anyway.
                if to.utf8.allSatisfy({ $0 < 0x80 }) { line += " ORCPT=rfc822;\(SMTPNotifications.xtext(to))" }
            }
        case .data: line = "DATA"
        }
        return line + "\r\n"
    }
}

/// Which reports are asked for (RFC 3461, 4.1).
struct SMTPNotifications: Sendable, Equatable {
    /// `NEVER`, or some of `SUCCESS,FAILURE,DELAY`.
    var value: String

    /// `never`, or some of `success failure delay`; nil for anything else.
    init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "," }.map { $0.uppercased() }
        let order = ["SUCCESS", "FAILURE", "DELAY"]
        guard words == ["NEVER"] || (!words.isEmpty && words.allSatisfy(order.contains)) else { return nil }
        value = words == ["NEVER"] ? "NEVER" : order.filter(words.contains).joined(separator: ",")
    }

    /// RFC 3461, 4: everything but `!`…`~` without `+` and `=` as `+XX`.
    static func xtext(_ text: String) -> String {
        String(
            decoding: text.utf8.flatMap { byte in
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "+") && byte != UInt8(ascii: "=")
                    ? [byte] : MIMEBody.hex(byte, prefix: UInt8(ascii: "+"))
            }, as: UTF8.self)
    }
}
