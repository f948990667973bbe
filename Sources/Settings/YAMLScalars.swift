import Domain
import Yams

/// Scalars by what they must be. Each answers nil after reporting what it found instead.
extension YAMLValue {
    /// Any scalar as it is written, at most `limit` characters, not empty.
    func text(limit: Int = 1000) -> String? {
        guard case .scalar(let scalar) = node else {
            report("is \(kind), not a text", "write one value; put texts with `: ` or `#` into quotes")
            return nil
        }
        guard !scalar.string.isEmpty else {
            report("is empty", "write a value or leave the key out")
            return nil
        }
        guard scalar.string.count <= limit else {
            report("has \(scalar.string.count) characters", "keep it within \(limit)")
            return nil
        }
        return scalar.string
    }

    /// A name that other files refer to: lower-case letters, digits, `-` and `_`, at most 63 characters.
    func name() -> String? {
        guard let text = text() else { return nil }
        if isName(text) { return text }
        report("\(quoted(text)) is not a name", nameRule)
        return nil
    }

    func integer(in range: ClosedRange<Int>) -> Int? {
        guard let text = text() else { return nil }
        guard let number = Int(text.replacing("_", with: "")) else {
            report("\(quoted(text)) is not a whole number", "write a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        if range.contains(number) { return number }
        report(
            "\(number) is out of range", "write a number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    func bool() -> Bool? {
        guard let text = text() else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            report("\(quoted(text)) is not true or false", "write true or false")
            return nil
        }
    }

    func duration(in range: ClosedRange<Duration>) -> Duration? {
        guard let text = text() else { return nil }
        guard let duration = Duration(configured: text) else {
            report("\(quoted(text)) is not a duration", "write a number with ms, s, m, h or d, such as 30s")
            return nil
        }
        if range.contains(duration) { return duration }
        report(
            "\(text) is out of range",
            "write a duration from \(range.lowerBound.configured) to \(range.upperBound.configured)")
        return nil
    }

    /// More than 0 and at most 1.
    func share() -> Double? {
        guard let text = text() else { return nil }
        if let share = Double(text), share > 0, share <= 1 { return share }
        report("\(quoted(text)) is not a share", "write a number such as 0.8")
        return nil
    }

    /// `100/s`, `30/m`, `5000/h`: per second.
    func rate() -> Double? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let seconds: [Substring: Double] = ["s": 1, "m": 60, "h": 3600]
        if parts.count == 2, let amount = Double(parts[0]), amount >= 0.001, amount <= 1_000_000,
            let unit = seconds[parts[1]]
        {
            return amount / unit
        }
        report("\(quoted(text)) is not a rate", "write segments per time, such as 100/s, 30/m or 5000/h")
        return nil
    }

    /// One of the raw values of an enum.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) -> Word? where Word.RawValue == String {
        guard let text = text() else { return nil }
        if let word = Word(rawValue: text) { return word }
        report("\(quoted(text)) is not known here", knownWords(text, among: Word.allCases.map(\.rawValue)))
        return nil
    }

    /// A list of texts without repetitions.
    func texts(limit: Int = 10_000, each read: (YAMLValue) -> String? = { $0.text() }) -> [String] {
        let items = items()
        guard items.count <= limit else {
            report("has \(items.count) items", "keep it within \(limit)")
            return []
        }
        var seen: Set<String> = []
        return items.compactMap { item in
            guard let text = read(item) else { return nil }
            if seen.insert(text).inserted { return text }
            item.report("\(quoted(text)) is there twice", "keep one")
            return nil
        }
    }
}

let nameRule = "use lower-case letters, digits, - and _, a letter or digit first, at most 63 characters"

func isName(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-z0-9][a-z0-9_\-]{0,62}/) != nil
}

extension Duration {
    /// `500ms`, `30s`, `5m`, `24h`, `30d`; whole numbers, at most ten years; nil for anything else.
    public init?(configured text: String) {
        guard let match = text.wholeMatch(of: /([0-9]{1,12})(ms|s|m|h|d)/), let amount = Int64(match.1) else { return nil }
        let milliseconds: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let unit = milliseconds[match.2], amount <= 315_360_000_000 / unit else { return nil }
        self = .milliseconds(amount * unit)
    }

    /// The shortest text that `init(configured:)` reads as this duration (of whole milliseconds).
    public var configured: String {
        let total = microseconds / 1000
        for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")] as [(Int64, String)]
        where total != 0 && total % unit == 0 {
            return "\(total / unit)\(name)"
        }
        return total == 0 ? "0s" : "\(total)ms"
    }
}
