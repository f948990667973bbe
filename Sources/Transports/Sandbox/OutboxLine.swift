import Domain
import Text

#if canImport(Glibc)
    import Glibc
#endif

/// Builds one line of JSON in a buffer that is used again and again: the sandbox must not be what a benchmark measures.
struct OutboxLine {
    private(set) var bytes: [UInt8] = []
    private var second: Int = -1
    /// `2026-11-21T21:53:02.` of `second`.
    private var stamp: [UInt8] = []

    init() { bytes.reserveCapacity(1024) }

    /// `answer` is the sandbox's own word (`accepted`, `lost`, …), `code` the failure's.
    mutating func build(_ submission: Submission, provider: String, answer: StaticString, code: String?, reference: String?) {
        bytes.removeAll(keepingCapacity: true)
        raw("{\"at\":\"")
        time()
        raw("\",\"message_id\":\"")
        number(submission.messageID.rawValue)
        raw("\",\"attempt\":")
        number(Int64(submission.attempt))
        field("provider", provider)
        field("to", submission.to)
        field("from", submission.rendered.from)
        content(submission.rendered)
        raw(",\"answer\":\"")
        raw(answer)
        raw("\"")
        if let code { field("code", code) }
        if let reference { field("reference", reference) } else { raw(",\"reference\":null") }
        raw("}\n")
    }

    private mutating func content(_ rendered: RenderedMessage) {
        switch rendered.content {
        case .sms(let sms):
            field("text", sms.text)
            raw(sms.encoding == .gsm7 ? ",\"encoding\":\"gsm-7\"" : ",\"encoding\":\"ucs-2\"")
        case .http(let text):
            field("text", text)
            raw(",\"encoding\":null")
        case .email(let mail):
            field("subject", mail.subject)
            raw(",\"parts\":[{\"type\":\"text/plain\"")
            field("text", mail.text)
            if let html = mail.html {
                raw("},{\"type\":\"text/html\"")
                field("text", html)
            }
            for attachment in mail.attachments {
                raw("},{")
                string("type")
                raw(":")
                string(attachment.mediaType)
                field("name", attachment.name)
                raw(",\"size\":")
                number(Int64(attachment.bytes.count))
            }
            raw("}],\"encoding\":\"utf-8\"")
        }
        raw(",\"segments\":")
        number(Int64(rendered.segments))
    }

    private mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func field(_ name: StaticString, _ value: String) {
        raw(",\"")
        raw(name)
        raw("\":")
        string(value)
    }

    private mutating func string(_ value: String) { JSONString.append(quoted: value, to: &bytes) }

    private mutating func number(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = value.magnitude
        var digits: (UInt64, Int) = (1, 1)
        while rest / digits.0 >= 10 { digits = (digits.0 * 10, digits.1 + 1) }
        for _ in 0..<digits.1 {
            bytes.append(0x30 + UInt8(rest / digits.0))
            rest %= digits.0
            digits.0 /= 10
        }
    }

    /// The wall clock, because people read it; nothing is decided by it.
    private mutating func time() {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        if now.tv_sec != second {
            second = now.tv_sec
            var parts = tm()
            var seconds = now.tv_sec
            gmtime_r(&seconds, &parts)
            let fields = [
                (parts.tm_year + 1900, "-"), (parts.tm_mon + 1, "-"), (parts.tm_mday, "T"), (parts.tm_hour, ":"),
                (parts.tm_min, ":"),
            ]
            let text = fields.map { ($0.0 < 10 ? "0" : "") + String($0.0) + $0.1 }.joined()
            stamp = Array((text + (parts.tm_sec < 10 ? "0" : "") + String(parts.tm_sec) + ".").utf8)
        }
        bytes.append(contentsOf: stamp)
        let milliseconds = now.tv_nsec / 1_000_000
        bytes.append(0x30 + UInt8(milliseconds / 100))
        bytes.append(0x30 + UInt8(milliseconds / 10 % 10))
        bytes.append(0x30 + UInt8(milliseconds % 10))
        bytes.append(UInt8(ascii: "Z"))
    }
}
