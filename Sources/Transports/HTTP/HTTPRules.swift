import Domain
import Foundation
import NIOHTTP1
import Text

/// What an answer means, or an error code of it.
enum HTTPClass: String, Sendable, CaseIterable {
    case accepted
    /// Certainly not taken; another try of the same may succeed.
    case retry
    /// Slower: the account pauses, the message keeps its attempt.
    case throttled
    case recipient
    /// The address is dead or said no: it goes to the suppressions.
    case suppress
    /// The recipient has stopped mailings, and nothing else: `suppress` for marketing alone.
    case optedOut = "opted_out"
    case sender
    case content
    /// Permanent, and no more is known.
    case refused
    /// Credentials, URL or account: no message is at fault, all have to wait.
    case configuration
    /// It is not known whether it was taken.
    case unknown
}

/// One line of `errors`.
struct HTTPErrorRule: Sendable {
    enum Key: Sendable {
        case status(Int)
        case code(Glob)
        /// Part of the error's text, without regard to case.
        case words(String)
    }
    var key: Key
    var verdict: HTTPClass

    struct Problem: Error {
        var line: String
        var remedy: String
    }

    /// `21610=suppress`, `212*=recipient`, `http_404=configuration`, `~bot was blocked=suppress`; one a line or with `;` between.
    static func parse(_ text: String) throws(Problem) -> [HTTPErrorRule] {
        var rules: [HTTPErrorRule] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == ";" }).map(\.trimmingBlanks) where !line.isEmpty {
            guard let equals = line.lastIndex(of: "=") else {
                throw Problem(line: line, remedy: "write CODE=class, http_STATUS=class or ~part of the text=class")
            }
            let key = line[..<equals].trimmingBlanks
            guard let verdict = HTTPClass(rawValue: line[line.index(after: equals)...].trimmingBlanks) else {
                throw Problem(line: line, remedy: "classes are \(HTTPClass.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            rules.append(HTTPErrorRule(key: try self.key(key, line), verdict: verdict))
        }
        return rules
    }

    private static func key(_ text: String, _ line: String) throws(Problem) -> Key {
        if let digits = text.dropping("http_") {
            guard let status = Int(digits), (100...599).contains(status) else {
                throw Problem(line: line, remedy: "write http_404 or another status from 100 to 599")
            }
            return .status(status)
        }
        if let words = text.dropping("~") {
            guard !words.isEmpty else { throw Problem(line: line, remedy: "write some words behind ~") }
            return .words(words.lowercased())
        }
        guard !text.isEmpty else { throw Problem(line: line, remedy: "write an error code before =") }
        return .code(Glob(text))
    }

    func matches(_ status: Int, _ code: String?, _ words: String?) -> Bool {
        switch key {
        case .status(let wanted): wanted == status
        case .code(let glob): code.map { glob.matches($0) } ?? false
        case .words(let part): words.map { $0.lowercased().contains(part) } ?? false
        }
    }
}

/// What must hold so that a message counts as taken: all lines together.
struct HTTPAcceptance: Sendable {
    enum Finding: Sendable { case accepted, refused, unreadable, otherStatus }
    private var statuses: [ClosedRange<Int>] = []
    private var conditions: [(selector: HTTPSelector, values: [String])] = []

    struct Problem: Error { var line: String }

    /// Lines such as `200 202`, `2xx`, `messages[0].status = 0`, `code = 0|200`; no line about the status: 2xx.
    init(_ text: String = "") throws(Problem) {
        for line in text.split(whereSeparator: { $0.isNewline || $0 == ";" }).map(\.trimmingBlanks) where !line.isEmpty {
            if let equals = line.firstRange(of: " = ") {
                guard let selector = HTTPSelector(line[..<equals.lowerBound].trimmingBlanks) else { throw Problem(line: line) }
                let values = line[equals.upperBound...].split(separator: "|").map(\.trimmingBlanks)
                guard !values.isEmpty else { throw Problem(line: line) }
                conditions.append((selector, values))
            } else {
                for word in line.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
                    guard let range = Self.statuses(word) else { throw Problem(line: line) }
                    statuses.append(range)
                }
            }
        }
        if statuses.isEmpty { statuses = [200...299] }
    }

    private static func statuses(_ word: Substring) -> ClosedRange<Int>? {
        if word.hasSuffix("xx"), word.count == 3, let hundreds = word.first?.wholeNumberValue, (1...5).contains(hundreds) {
            return hundreds * 100...hundreds * 100 + 99
        }
        guard let status = Int(word), (100...599).contains(status) else { return nil }
        return status...status
    }

    func finding(_ answer: HTTPAnswer) -> Finding {
        guard statuses.contains(where: { $0.contains(answer.status) }) else { return .otherStatus }
        var isReadable = true
        for condition in conditions {
            guard let value = condition.selector.value(in: answer) else {
                isReadable = false
                continue
            }
            if !condition.values.contains(value) { return .refused }
        }
        return isReadable ? .accepted : .unreadable
    }
}

/// How a provider's answers are read.
struct HTTPRules: Sendable {
    var accepted: HTTPAcceptance
    var id: HTTPSelector?
    var errorCode: HTTPSelector?
    var errorText: HTTPSelector?
    var retryAfter: HTTPSelector = .header("Retry-After")
    var errors: [HTTPErrorRule] = []
    /// What failure codes begin with.
    var prefix = "http"
    /// What a status means that no rule names; nil: what HTTP says.
    var others: HTTPClass?
    /// Who gets a request twice knows it: what may have been taken is sent again, and is never in doubt.
    var isRepeatable = false

    struct Verdict: Sendable {
        var outcome: Outcome
        /// True: the policy or the account is at fault, not this message.
        var isConfiguration: Bool
    }

    /// - Parameters:
    ///   - validity: how much longer the message may wait; longer pauses are pointless.
    ///   - hiding: takes secrets and the message's text out of the provider's words.
    func verdict(_ answer: HTTPAnswer, validity: Duration, hiding: (String) -> String) -> Verdict {
        let finding = accepted.finding(answer)
        if finding == .accepted { return Verdict(outcome: .accepted(reference: id?.value(in: answer)), isConfiguration: false) }
        let code = errorCode?.value(in: answer)
        let words = errorText?.value(in: answer)
        let pause = retryAfter.value(in: answer).flatMap { RetryAfter.duration($0, date: answer.headers.first(name: "Date")) }
        let verdict =
            errors.first { $0.matches(answer.status, code, words) }?.verdict
            ?? others ?? Self.standard(answer.status, finding, hasCode: code != nil, hasPause: pause != nil)
        let failure = Failure(
            code: name(answer.status, code), detail: hiding(detail(answer, verdict, words, finding)), blame: verdict.blame,
            retryAfter: verdict == .unknown ? nil : pause.map { min($0, verdict.longestPause, max(.seconds(1), validity)) },
            countsAttempt: verdict != .throttled && verdict != .configuration, throttled: verdict == .throttled,
            suppressesAddress: verdict == .suppress || verdict == .optedOut,
            suppressedScope: verdict == .optedOut ? "marketing" : nil)
        return Verdict(outcome: verdict.outcome(failure, id: id?.value(in: answer)), isConfiguration: verdict == .configuration)
    }

    /// Where no rule says otherwise (H4; *Doubt* in the policies).
    private static func standard(
        _ status: Int, _ finding: HTTPAcceptance.Finding, hasCode: Bool, hasPause: Bool
    ) -> HTTPClass {
        switch (finding, status) {
        case (.refused, _): .retry
        case (.unreadable, _): hasCode ? .retry : .unknown
        case (_, 200...299): .unknown
        // "See other" is said after a POST was carried out.
        case (_, 303): .unknown
        case (_, 300...399), (_, 401), (_, 403), (_, 407), (_, 501), (_, 505): .configuration
        case (_, 408), (_, 425): .retry
        case (_, 429): .throttled
        case (_, 413): .content
        case (_, 400...499): .refused
        case (_, 503): hasPause ? .throttled : .retry
        default: .unknown
        }
    }

    /// `http_429`, `http_400_1234`, `twilio_21610`: letters, digits, `.`, `-` and `_`.
    private func name(_ status: Int, _ code: String?) -> String {
        let safe = (code ?? "").unicodeScalars.prefix(40).map { scalar -> Character in
            let isSafe = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isSafe || scalar == "." || scalar == "-" ? Character(scalar) : "_"
        }
        if safe.isEmpty { return "\(prefix)_\(status)" }
        return prefix == "http" ? "http_\(status)_\(String(safe))" : "\(prefix)_\(String(safe))"
    }

    private func detail(_ answer: HTTPAnswer, _ verdict: HTTPClass, _ words: String?, _ finding: HTTPAcceptance.Finding)
        -> String
    {
        if (300...399).contains(answer.status), let place = answer.headers.first(name: "Location") {
            return "status \(answer.status): redirected to \(Self.shown(place)); redirects are not followed: write the final url"
        }
        var text = "status \(answer.status)"
        if let words { text += ": \(words.withoutControls)" }
        if finding == .unreadable, words == nil { text += ": the body is not what `accepted` looks for" }
        if isRepeatable, answer.status == 410 { text += ": it wants no more events; take the endpoint out of webhooks.yaml" }
        if verdict == .configuration, words == nil, [401, 403, 407].contains(answer.status) {
            text += ": the provider refuses the credentials, or what they may do"
        }
        return text
    }

    /// Scheme, host and path: the rest may hold secrets.
    private static func shown(_ place: String) -> String {
        let end = place.firstIndex { $0 == "?" || $0 == "#" } ?? place.endIndex
        var text = place[..<end].withoutControls
        if let scheme = text.firstRange(of: "://"), let at = text[scheme.upperBound...].firstIndex(of: "@") {
            text.removeSubrange(scheme.upperBound...at)
        }
        return String(text.prefix(200))
    }
}

extension HTTPClass {
    fileprivate var blame: Failure.Blame {
        switch self {
        case .recipient, .suppress, .optedOut: .recipient
        case .sender: .sender
        case .content: .content
        case .refused: .martlet
        case .accepted, .retry, .throttled, .configuration, .unknown: .provider
        }
    }

    /// A pause of the account holds up every message: a provider that says "tomorrow" is asked again in a quarter of an hour, as one that
    /// refuses the credentials is. One message may wait as long as it lives.
    fileprivate var longestPause: Duration {
        self == .throttled || self == .configuration ? .seconds(900) : .seconds(1_000_000_000)
    }

    fileprivate func outcome(_ failure: Failure, id: String?) -> Outcome {
        switch self {
        case .accepted: .accepted(reference: id)
        case .retry, .throttled, .configuration: .deferred(failure)
        case .recipient, .suppress, .optedOut, .sender, .content, .refused: .rejected(failure)
        case .unknown: .unknown(failure)
        }
    }
}
