import Domain
import Glibc
import Text

extension String {
    /// Appends `text` as a JSON string (RFC 8259 section 7).
    mutating func appendJSON(_ text: String) {
        append("\"")
        append(JSONString.escaped(text))
        append("\"")
    }

    /// The text with line breaks and control characters escaped.
    var onOneLine: String {
        // C2 begins the control characters beyond ASCII, E2 U+2028 and U+2029; other texts are returned as they are.
        if utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 && $0 != 0xE2 }) { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\u{2028}", "\u{2029}": result += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                if scalar.properties.generalCategory == .control {
                    result += "\\u{\(String(scalar.value, radix: 16))}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension timespec {
    /// The machine's clock; only logs use it.
    static var now: timespec {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time
    }

    private var parts: tm {
        var seconds = tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return parts
    }

    /// `2026-05-01`, UTC.
    var date: String {
        let parts = parts
        return "\(parts.tm_year + 1900)-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    }

    /// `12:00:00.123456`, UTC.
    var clock: String {
        let parts = parts
        return "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
            + ".\(digits(tv_nsec / 1000, 6))"
    }

    private func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
