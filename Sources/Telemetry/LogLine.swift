import Glibc
import Logging

/// The two shapes of a log line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line: `time`, `level`, `logger`, `message`, then the metadata in the order of its keys.
    case json
    /// For people: `12:00:00.123 info  worker: claimed 3 messages lane=0`.
    case text
}

/// One log line while it is put together: secrets taken out, lengths bounded.
struct LogLine {
    /// Longer values are cut, with a mark.
    static let maximumValue = 2000
    private static let reserved: Set<String> = ["time", "level", "logger", "message", "error"]

    var level: Logger.Level
    var label: String
    var message: String
    var error: String?
    var metadata: Logger.Metadata
    var time = timespec.now

    func text(_ format: LogFormat) -> String {
        switch format {
        case .json: json
        case .text: human
        }
    }

    private var json: String {
        var line = "{\"time\":\"\(time.date)T\(time.clock)Z\",\"level\":\"\(level.rawValue)\",\"logger\":"
        line.appendJSON(label)
        line += ",\"message\":"
        line.appendJSON(bounded(Redaction.text(message)))
        if let error {
            line += ",\"error\":"
            line.appendJSON(bounded(Redaction.text(error)))
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += ","
            line.appendJSON(Self.reserved.contains(key) ? key + "_" : key)
            line += ":"
            append(value, key: key, to: &line, depth: 0)
        }
        return line + "}"
    }

    private var human: String {
        let name = level.rawValue.padding(to: 8)
        var line = "\(time.clock.prefix(12)) \(name) \(label): \(escaped(bounded(Redaction.text(message))))"
        if let error { line += ": \(escaped(bounded(Redaction.text(error))))" }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = bounded(Redaction.value("\(value)", key: key))
            line +=
                text.contains(where: { $0 == " " || $0 == "\"" }) ? " \(key)=\"\(escaped(text))\"" : " \(key)=\(escaped(text))"
        }
        return line
    }

    private func append(_ value: Logger.MetadataValue, key: String, to line: inout String, depth: Int) {
        switch value {
        case .string(let text): line.appendJSON(bounded(Redaction.value(text, key: key)))
        case .stringConvertible(let number as any BinaryInteger): line += String(describing: number)
        case .stringConvertible(let flag as Bool): line += flag ? "true" : "false"
        case .stringConvertible(let number as Double) where number.isFinite: line += "\(number)"
        case .stringConvertible(let other): line.appendJSON(bounded(Redaction.value("\(other)", key: key)))
        case .array(let values) where depth < 3:
            line += "["
            for (index, item) in values.prefix(100).enumerated() {
                if index > 0 { line += "," }
                append(item, key: key, to: &line, depth: depth + 1)
            }
            line += "]"
        case .dictionary(let values) where depth < 3:
            line += "{"
            for (index, item) in values.sorted(by: { $0.key < $1.key }).prefix(100).enumerated() {
                if index > 0 { line += "," }
                line.appendJSON(item.key)
                line += ":"
                append(item.value, key: item.key, to: &line, depth: depth + 1)
            }
            line += "}"
        case .array, .dictionary: line += "\"…\""
        }
    }

    private func bounded(_ text: String) -> String {
        text.utf8.count <= Self.maximumValue ? text : String(text.prefix(Self.maximumValue)) + "…"
    }

    /// One line, whatever is in it.
    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
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
}

extension String {
    /// Appends `text` as a JSON string (RFC 8259 section 7).
    mutating func appendJSON(_ text: String) {
        append("\"")
        // E2 begins U+2028 and U+2029; most texts hold nothing that needs care and are copied whole.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F && $0 != 0xE2 }) {
            append(text)
            append("\"")
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\r": append("\\r")
            case "\t": append("\\t")
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028 || scalar.value == 0x2029 {
                    let hex = String(scalar.value, radix: 16)
                    append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
                } else {
                    unicodeScalars.append(scalar)
                }
            }
        }
        append("\"")
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
