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
        var line = "\(time.clock.prefix(12)) \(name) \(label): \(bounded(Redaction.text(message)).onOneLine)"
        if let error { line += ": \(bounded(Redaction.text(error)).onOneLine)" }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let text = bounded(Redaction.value("\(value)", key: key))
            line +=
                text.contains(where: { $0 == " " || $0 == "\"" }) ? " \(key)=\"\(text.onOneLine)\"" : " \(key)=\(text.onOneLine)"
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
}
