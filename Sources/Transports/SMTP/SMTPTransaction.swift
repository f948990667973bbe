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

    /// Writes the line of a step; parameters only where their extension is offered and they are needed.
    func write(
        _ step: SMTPSession.Step, _ offered: SMTPCapabilities, _ notifications: SMTPNotifications?, to buffer: inout ByteBuffer
    ) {
        switch step {
        case .mail:
            buffer.writeStaticString("MAIL FROM:<")
            buffer.writeString(from)
            buffer.writeStaticString(">")
            if offered.offersSize {
                buffer.writeStaticString(" SIZE=")
                buffer.writeString(String(size))
            }
            if isEightBit && offered.eightBitMIME { buffer.writeStaticString(" BODY=8BITMIME") }
            if isUTF8 && offered.smtpUTF8 { buffer.writeStaticString(" SMTPUTF8") }
            if offered.dsn, notifications != nil {
                buffer.writeStaticString(" RET=HDRS")
                if let envelopeID { buffer.writeString(" ENVID=" + SMTPNotifications.xtext(envelopeID)) }
            }
        case .recipient:
            buffer.writeStaticString("RCPT TO:<")
            buffer.writeString(to)
            buffer.writeStaticString(">")
            if offered.dsn, let notifications {
                buffer.writeString(" NOTIFY=" + notifications.value)
                // RFC 6533 has another form for other alphabets; the report names the recipient anyway.
                if to.utf8.allSatisfy({ $0 < 0x80 }) { buffer.writeString(" ORCPT=rfc822;" + SMTPNotifications.xtext(to)) }
            }
        case .data: buffer.writeStaticString("DATA")
        }
        buffer.writeStaticString("\r\n")
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
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "+") && byte != UInt8(ascii: "=") {
                output.append(byte)
            } else {
                output += MIMEBody.hex(byte, prefix: UInt8(ascii: "+"))
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
