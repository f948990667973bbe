import Callbacks
import Domain
import Text

/// What the sandbox does with an address. See README.md for the syntax and examples.
///
/// ```
/// rules   = rule { (";" | newline) rule }            a line that starts with # is a comment
/// rule    = glob choice { PERCENT% "else" choice } [ "latency" D [ ".." D ] | "slow" ]
/// choice  = "accept" | "lose" | "down" | "throttle" [D] | "defer" [CODE] [D]
///         | "reject" [CODE] [ "suppress" ]
/// ```
/// The first rule whose glob matches decides; without one the message is accepted at once.
struct SandboxRules: Sendable, Equatable {
    enum Answer: Sendable, Equatable {
        case accept
        /// Written down, never answered.
        case lose
        /// Connection refused: nothing is written down.
        case down
        case throttle(Duration)
        case `defer`(code: String, retryAfter: Duration?)
        case reject(code: String, suppress: Bool)
    }
    enum Delay: Sendable, Equatable {
        case none
        case latency(ClosedRange<Duration>)
        /// Nine tenths of the time there is until the answer is due.
        case slow
    }
    struct Rule: Sendable, Equatable {
        var glob: Glob
        /// Tried in order, each with its chance; the last one has chance 1.
        var choices: [(chance: Double, answer: Answer)]
        var delay: Delay

        static func == (left: Self, right: Self) -> Bool {
            left.glob == right.glob && left.delay == right.delay
                && left.choices.elementsEqual(right.choices) { $0 == $1 }
        }

        func choose() -> Answer {
            for choice in choices where choice.chance >= 1 || Double.random(in: 0..<1) < choice.chance { return choice.answer }
            return .accept
        }
    }
    /// A rule that cannot be read, and what to write instead.
    struct Problem: Error, Equatable {
        var rule: String
        var remedy: String
    }

    private(set) var rules: [Rule] = []

    init() {}

    /// - Throws: `Problem`.
    init(_ text: String) throws {
        for line in text.split(whereSeparator: \.isNewline) where !line.drop(while: \.isWhitespace).hasPrefix("#") {
            for rule in line.split(separator: ";") {
                let words = rule.split(whereSeparator: \.isWhitespace)
                guard !words.isEmpty else { continue }
                var parser = SandboxRuleParser(words)
                rules.append(try parser.rule())
            }
        }
    }

    mutating func append(_ other: SandboxRules) { rules += other.rules }

    /// nil: accepted at once.
    func rule(for address: String) -> Rule? {
        for rule in rules where rule.glob.matches(address) { return rule }
        return nil
    }
}

/// Reads one rule word by word.
private struct SandboxRuleParser {
    private let source: String
    private var words: ArraySlice<Substring>

    init(_ words: [Substring]) {
        source = words.joined(separator: " ")
        self.words = words[...]
    }

    private func problem(_ remedy: String) -> SandboxRules.Problem { .init(rule: source, remedy: remedy) }

    private mutating func take(_ word: String) -> Bool {
        guard words.first.map({ $0 == word }) == true else { return false }
        words.removeFirst()
        return true
    }

    private mutating func takeDuration() -> Duration? {
        guard let word = words.first, let duration = Duration(option: word) else { return nil }
        words.removeFirst()
        return duration
    }

    mutating func rule() throws -> SandboxRules.Rule {
        let glob = Glob(words.removeFirst())
        var choices: [(chance: Double, answer: SandboxRules.Answer)] = []
        while true {
            let answer = try choice()
            guard let word = words.first, word.hasSuffix("%") else {
                choices.append((1, answer))
                break
            }
            guard let percent = Double(word.dropLast()), (0...100).contains(percent) else {
                throw problem("\(word) is no percentage from 0% to 100%")
            }
            words.removeFirst()
            guard take("else") else { throw problem("after \(word) say what happens otherwise: else accept") }
            choices.append((percent / 100, answer))
        }
        let delay = try delay()
        guard words.isEmpty else { throw problem("\"\(words[words.startIndex])\" is not understood here") }
        return .init(glob: glob, choices: choices, delay: delay)
    }

    private mutating func choice() throws -> SandboxRules.Answer {
        guard let word = words.first else { throw problem("say what happens: accept, defer, reject, throttle, lose or down") }
        // `+44* latency 50ms` means: accept, late.
        if word == "latency" || word == "slow" { return .accept }
        words.removeFirst()
        switch word {
        case "accept": return .accept
        case "lose": return .lose
        case "down": return .down
        case "throttle": return .throttle(takeDuration() ?? .seconds(1))
        case "defer": return .defer(code: code() ?? "sandbox_deferred", retryAfter: takeDuration())
        case "reject": return .reject(code: code() ?? "sandbox_rejected", suppress: take("suppress"))
        default: throw problem("\"\(word)\" is none of accept, defer, reject, throttle, lose, down, latency, slow")
        }
    }

    private mutating func code() -> String? {
        guard let word = words.first, !["latency", "slow", "suppress", "else"].contains(word), !word.hasSuffix("%"),
            Duration(option: word) == nil
        else { return nil }
        words.removeFirst()
        return String(word)
    }

    private mutating func delay() throws -> SandboxRules.Delay {
        if take("slow") { return .slow }
        guard take("latency") else { return .none }
        guard let word = words.popFirst() else { throw problem("latency needs a duration: latency 50ms or 10ms..80ms") }
        let ends = word.split(separator: ".", omittingEmptySubsequences: true)
        let (low, high) =
            word.contains("..") && ends.count == 2
            ? (Duration(option: ends[0]), Duration(option: ends[1])) : (Duration(option: word), Duration(option: word))
        guard let low, let high, low <= high else { throw problem("latency needs a duration: latency 50ms or 10ms..80ms") }
        return .latency(low...high)
    }
}
