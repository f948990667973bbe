import Domain
import Text

/// Where texts that people wrote stand in the callbacks of a provider that is described by configuration: the options that begin with `text_`.
struct CallbackTexts: Sendable {
    /// Where the lists of events are; several, for a provider that has several kinds. Empty: the body is one, or a list of them.
    var events: [[String]] = []
    var from: CallbackSelector?
    var to: CallbackSelector?
    var body: CallbackSelector?
    /// What else may be a keyword, such as the payload of a button.
    var words: CallbackSelector?
    /// Where the provider says what it takes the text for, and what its words for that mean.
    var flag: CallbackSelector?
    var flags: [(word: Glob, action: KeywordAction)] = []
    /// Phones are written as E.164 without `+`, never as they are dialled at home.
    var areInternational = false
    /// Of an event that cannot be read, so much is kept.
    private static let longestEvent = 4096

    struct Problem: Error {
        var line: String
        var remedy: String
    }

    /// `STOP=stop; START=start`: first match counts; what is not there says nothing.
    static func flags(_ text: String) throws(Problem) -> [(word: Glob, action: KeywordAction)] {
        var flags: [(word: Glob, action: KeywordAction)] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == ";" }).map(\.trimmingBlanks) where !line.isEmpty {
            let parts = line.split(separator: "=", maxSplits: 1).map(\.trimmingBlanks)
            guard parts.count == 2, let action = KeywordAction(rawValue: parts[1]) else {
                throw Problem(
                    line: line,
                    remedy: "write WORD=action; actions are \(KeywordAction.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            flags.append((Glob(parts[0]), action))
        }
        return flags
    }

    /// Also what has a sender and no body: a picture, a voice, a kind that is newer than this policy. That is kept as a text that cannot be read.
    /// - Parameter isReceipt: about an event without a body: it is a receipt.
    func read(
        _ all: JSONValue, _ request: CallbackRequest, provider: String, isReceipt: (JSONValue) -> Bool
    ) -> [ProviderEvent] {
        guard let from, let body else { return [] }
        var found: [ProviderEvent] = []
        for path in events.isEmpty ? [[]] : events {
            for event in CallbackRules.events(path, in: all) {
                guard let sender = from.value(in: event, request) else { continue }
                let text = body.value(in: event, request, isText: true)
                let flag = self.flag?.value(in: event, request).flatMap { word in flags.first { $0.word.matches(word) }?.action }
                if text == nil, flag == nil, isReceipt(event) { continue }
                var inbound = InboundText(
                    provider: provider, from: areInternational ? Self.international(sender) : sender,
                    to: to?.value(in: event, request) ?? "", text: text, dataCoding: 0,
                    octets: Array((text ?? event.line).utf8.prefix(text == nil ? Self.longestEvent : .max)))
                let words = words?.values(in: event, request) ?? []
                if !words.isEmpty { inbound.words = words }
                inbound.flag = flag
                found.append(.text(inbound))
            }
        }
        return found
    }

    private static func international(_ phone: String) -> String {
        !phone.isEmpty && phone.utf8.allSatisfy { (0x30...0x39).contains($0) } ? "+" + phone : phone
    }
}
