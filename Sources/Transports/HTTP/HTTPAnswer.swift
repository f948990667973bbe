import NIOHTTP1
import Text

/// What a provider answered, as far as it came.
struct HTTPAnswer: Sendable {
    /// More of a body is not read; the connection is closed instead.
    static let maximumBody = 65_536

    var status: Int
    var headers: HTTPHeaders
    var body: [UInt8]
    /// False: the body was too long, too slow, or broke off.
    var isComplete: Bool
    /// nil: the body is no complete JSON text.
    let json: JSONValue?

    init(status: Int, headers: HTTPHeaders = [:], body: [UInt8], isComplete: Bool = true) {
        self.status = status
        self.headers = headers
        self.body = body
        self.isComplete = isComplete
        json = isComplete ? JSONValue.sent(body) : nil
    }
}

/// Where something stands in an answer.
///
/// - `messages[0].id`: a JSON path
/// - `header:X-Message-Id`
/// - `between:<id>…</id>`: the text between two texts, the first occurrence (XML, plain text); either may be left out, meaning the
///   body's beginning or the end of the line. No regular expressions: a hostile body could keep one busy for hours.
/// - `body`: all of it
/// - `A or B`: the first that is there
indirect enum HTTPSelector: Sendable, Equatable {
    case header(String)
    case path(JSONPath)
    case between(String, String)
    case body
    case either(HTTPSelector, HTTPSelector)

    /// nil: none of these.
    init?(_ text: String) {
        let text = text.trimmingBlanks
        if let word = text.firstRange(of: " or ") {
            guard let first = HTTPSelector(String(text[..<word.lowerBound])),
                let second = HTTPSelector(String(text[word.upperBound...]))
            else { return nil }
            self = .either(first, second)
        } else if text == "body" {
            self = .body
        } else if let name = text.dropping("header:") {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }) else { return nil }
            self = .header(name)
        } else if let ends = text.dropping("between:") {
            let parts = ends.replacing("...", with: "…").split(separator: "…", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.contains(where: { !$0.isEmpty }) else { return nil }
            self = .between(String(parts[0]), String(parts[1]))
        } else {
            guard let path = JSONPath(text) else { return nil }
            self = .path(path)
        }
    }

    /// At most 500 characters, trimmed, control characters as blanks (a NUL from JSON's `\u0000` has no place in a database's text); nil: not
    /// there, or empty.
    func value(in answer: HTTPAnswer) -> String? {
        let found: String? =
            switch self {
            case .header(let name): answer.headers.first(name: name)
            case .path(let path): answer.json.flatMap { path.text(in: $0) }
            case .body: answer.isComplete ? String(decoding: answer.body.prefix(2_000), as: UTF8.self) : nil
            case .between(let start, let end): Self.between(start, end, answer)
            case .either(let first, let second): first.value(in: answer) ?? second.value(in: answer)
            }
        guard let found else { return nil }
        let text = String(found.withoutControls.trimmingBlanks.prefix(500))
        return text.isEmpty ? nil : text
    }

    private static func between(_ start: String, _ end: String, _ answer: HTTPAnswer) -> String? {
        guard answer.isComplete else { return nil }
        let text = String(decoding: answer.body, as: UTF8.self)
        var rest = text[...]
        if !start.isEmpty {
            guard let found = rest.firstRange(of: start) else { return nil }
            rest = rest[found.upperBound...]
        }
        if end.isEmpty { return String(rest.prefix { !$0.isNewline }) }
        return rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
    }
}
