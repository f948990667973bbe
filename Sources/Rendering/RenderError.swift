import Domain

/// Where in which stored template: what an author needs to find the line.
public struct TemplatePlace: Sendable, Equatable, CustomStringConvertible {
    /// The Mustache text within the template.
    public enum Part: String, Sendable { case subject, body, html }
    public var key: String
    public var locale: String
    public var channel: Channel
    public var version: Int
    public var part: Part
    /// From 1.
    public var line: Int
    /// In characters (Unicode scalars) from 1; nil when the whole line is meant.
    public var column: Int?

    public init(_ template: Template, part: Part, line: Int, column: Int? = nil) {
        self.key = template.key
        self.locale = template.locale
        self.channel = template.channel
        self.version = template.version
        self.part = part
        self.line = line
        self.column = column
    }

    public var description: String {
        "template \(key) (\(locale), \(channel), version \(version)), \(part.rawValue) line \(line)"
            + (column.map { ", column \($0)" } ?? "")
    }
}

/// Why a message cannot be rendered. Never carries the value of a variable: errors go to logs and dead letters.
///
/// `code` is stable, for filters and counters; `sentence` says what is wrong; `remedy` what to do about it.
public indirect enum RenderError: Error, Sendable, Equatable, CustomStringConvertible {
    case templateSyntax(at: TemplatePlace, problem: String, remedy: String)
    case missingVariable(name: String, at: TemplatePlace)
    /// The variable is there, but a list or an object, where a text must be.
    case variableNotText(name: String, kind: String, at: TemplatePlace)
    /// The variables are not a JSON object; `offset` in bytes from 0.
    case badVariables(problem: String, offset: Int)
    case badHeaders(problem: String)
    /// `by` says whose rule it is: `class notification requires`, `template order_sent and class notification require`.
    /// All of them; never empty.
    case requiredVariable(names: [String], by: String)
    case lineBreakInSubject(at: TemplatePlace)
    /// `limit` with its unit.
    case tooLarge(what: String, limit: String)
    case overlong(segments: Int, limit: Int, by: String)
    /// `word` is nil when the class erases bodies.
    case blockedWord(list: String, word: String?)
    /// As `blockedWord`, but a human may release it.
    case heldWord(list: String, word: String?)
    case unknownClass(String)
    case unknownSender(String)
    case senderCannot(sender: String, channel: Channel)
    /// The template was written for another channel than the message's.
    case wrongChannel(template: TemplatePlace, message: Channel)

    public var code: String {
        switch self {
        case .templateSyntax: "template_syntax"
        case .missingVariable: "missing_variable"
        case .variableNotText, .badVariables: "bad_variables"
        case .badHeaders: "bad_headers"
        case .requiredVariable: "required_variable"
        case .lineBreakInSubject: "line_break_in_subject"
        case .tooLarge: "too_large"
        case .overlong: "overlong"
        case .blockedWord: "blocked_word"
        case .heldWord: "held_word"
        case .unknownClass: "unknown_class"
        case .unknownSender: "unknown_sender"
        case .senderCannot: "sender_cannot"
        case .wrongChannel: "wrong_channel"
        }
    }

    public var sentence: String {
        switch self {
        case .templateSyntax(let place, let problem, _): "\(place): \(problem)"
        case .missingVariable(let name, let place): "\(place): variable `\(name)` is missing or null"
        case .variableNotText(let name, let kind, let place): "\(place): variable `\(name)` is \(kind), not a text or number"
        case .badVariables(let problem, let offset): "the variables are not usable JSON: \(problem) at byte \(offset)"
        case .badHeaders(let problem): "the headers are not usable: \(problem)"
        case .requiredVariable(let names, let by):
            names.count == 1
                ? "variable \(Self.list(names)), which \(by), is missing or blank"
                : "variables \(Self.list(names)), which \(by), are missing or blank"
        case .lineBreakInSubject(let place): "\(place): the rendered subject contains a line break or NUL"
        case .tooLarge(let what, let limit): "\(what) passes the limit of \(limit)"
        case .overlong(let segments, let limit, let by): "the text needs \(segments) SMS segments, \(by) allows \(limit)"
        case .blockedWord(let list, let word): "the text contains \(named(word)) of list `\(list)`, which blocks it"
        case .heldWord(let list, let word): "the text contains \(named(word)) of list `\(list)`, which holds it for review"
        case .unknownClass(let name): "the policy has no class `\(name)`"
        case .unknownSender(let key): "the policy has no sender `\(key)`"
        case .senderCannot(let sender, let channel): "sender `\(sender)` cannot send on channel \(channel)"
        case .wrongChannel(let place, let channel):
            "template \(place.key) (\(place.locale)) is for channel \(place.channel), the message for \(channel)"
        }
    }

    public var remedy: String {
        switch self {
        case .templateSyntax(_, _, let remedy): remedy
        case .missingVariable(let name, _):
            "send `\(name)` with the message, or put the place into a section {{#\(name)}}…{{/\(name)}}, then requeue"
        case .variableNotText(let name, _, _):
            "send a string or number, or use a section {{#\(name)}}…{{/\(name)}} in the template, then requeue"
        case .badVariables: "correct the variables (one JSON object, RFC 8259) and requeue the message with them"
        case .badHeaders: "send headers as one JSON object of strings without line breaks, and none that Martlet writes itself"
        case .requiredVariable(let names, _): "requeue the message with a value for \(Self.list(names))"
        case .lineBreakInSubject: "remove line breaks from the template's subject and from the variables in it, then requeue"
        case .tooLarge: "shorten the template or send smaller variables, then requeue"
        case .overlong: "shorten the template or the variables, or raise the class's max_segments, then requeue"
        case .blockedWord: "change the text, or take the word off the list, then requeue; or discard the message"
        case .heldWord: "review the text: requeue it once the word is off the list or the text is changed, or discard it"
        case .unknownClass(let name): "add class `\(name)` to the policy and apply it, then requeue"
        case .unknownSender(let key): "add sender `\(key)` to the policy and apply it, then requeue"
        case .senderCannot(let sender, let channel):
            "give sender `\(sender)` an origin for \(channel) in the policy, or name another sender, then requeue"
        case .wrongChannel: "load the template of the message's own channel"
        }
    }

    public var description: String { "\(sentence); \(remedy)" }

    private static func list(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }

    private func named(_ word: String?) -> String { word.map { "the word `\($0)`" } ?? "a word" }
}
