import Callbacks
import Domain
import Rendering

/// What a text from a phone asks for, and for which address. A value: no I/O.
package struct InboundKeywords: Sendable {
    package struct Decision: Sendable, Equatable {
        /// The phone, E.164: as messages to it have it.
        package var address: String
        /// The one that the text came on.
        package var channel: Channel
        package var action: KeywordAction
        /// What is suppressed; nil: what was is lifted.
        package var scope: String?
        /// What the person wrote.
        package var word: String
        /// The provider says so itself.
        package var isFlagged = false
        /// Not the most likely reading of its octets is the keyword, but this; nil: the text is.
        package var reading: String?

        package init(
            address: String, channel: Channel = .sms, action: KeywordAction, scope: String?, word: String,
            isFlagged: Bool = false,
            reading: String? = nil
        ) {
            self.isFlagged = isFlagged
            self.reading = reading
            self.address = address
            self.channel = channel
            self.action = action
            self.scope = scope
            self.word = word
        }
    }

    private let matcher: KeywordMatcher
    private let scope: String
    /// Our numbers, digits alone, with the country of their senders; the longest first.
    private let countries: [(number: String, country: String)]
    private let defaultCountry: String?
    /// Where their texts are no SMS.
    private let channels: [String: Channel]

    package init(_ policy: Policy) {
        matcher = KeywordMatcher(policy.keywords)
        scope = policy.keywords.scope
        var countries: [(number: String, country: String)] = []
        for sender in policy.senders.values {
            for (prefix, pool) in sender.smsPools {
                // A pool for one country is written to from there.
                guard let country = prefix.isEmpty ? sender.defaultCountry : prefix else { continue }
                countries += pool.map(Self.withoutPlus).filter { Self.isNumber($0, 3...20) }.map { (String($0), country) }
            }
        }
        self.countries = countries.sorted { ($1.number.utf8.count, $0.number) < ($0.number.utf8.count, $1.number) }
        defaultCountry = policy.senders[policy.defaultSender]?.defaultCountry
        channels = policy.providers.compactMapValues { provider in
            provider.channels.contains(.sms) ? nil : provider.channels.min { $0.rawValue < $1.rawValue }
        }
    }

    /// The person's phone, as messages to it have it, and on which channel it wrote; nil: there is none.
    package func place(_ text: InboundText) -> (address: String, channel: Channel)? {
        address(text).map { ($0, channel(text)) }
    }

    package func channel(_ text: InboundText) -> Channel { channels[text.provider] ?? .sms }

    /// Who writes this means to stop, whatever was asked of him.
    package func isFirm(_ text: InboundText, _ decision: Decision) -> Bool {
        decision.action != .start && (decision.isFlagged || !matcher.mayAnswer(text.text ?? ""))
    }

    /// nil: it changes nothing. A part of a long text is no keyword, nor is a text that cannot be read or that comes from no phone.
    package func decision(_ text: InboundText) -> Decision? {
        guard (text.part?.total ?? 1) == 1, let address = address(text) else { return nil }
        let written = text.text.flatMap { matcher.action($0, from: address) }
        let said = (text.words ?? []).compactMap { matcher.action($0, from: address) }
        let reading = written == nil ? otherReading(text, from: address) : nil
        guard let action = KeywordAction.strongest([text.flag, written, reading?.action].compactMap(\.self) + said) else {
            return nil
        }
        let body = reading?.text ?? text.text ?? text.words?.first ?? ""
        let scope: String? =
            switch action {
            case .stop: scope
            // Never less than STOP.
            case .stopAll: scope == "all" ? scope : "all_except_otp"
            case .start: nil
            }
        return Decision(
            address: address, channel: channel(text), action: action, scope: scope, word: EventText.clean(body, limit: 40),
            isFlagged: text.flag == action, reading: reading?.text)
    }

    /// Octets that can be read in several ways opt out if they do in one of them; they undo nothing, and one or two Latin letters are too few to tell.
    private func otherReading(_ text: InboundText, from address: String) -> (text: String, action: KeywordAction)? {
        for reading in text.otherReadings ?? [] {
            if let action = matcher.action(reading, from: address), action != .start, !matcher.mayAnswer(reading) {
                return (reading, action)
            }
        }
        return nil
    }

    // MARK: whose phone it is

    /// Carriers write numbers as E.164 with or without `+` or `00`, and some as they are dialled at home: then it is the country of the
    /// sender whose number was written to, else of the default sender.
    private func address(_ text: InboundText) -> String? {
        let written = Substring(text.from)
        if written.hasPrefix("+") { return Self.international(written.dropFirst()) }
        if written.hasPrefix("00") { return Self.international(written.dropFirst(2)) }
        guard Self.isNumber(written, 3...15) else { return nil }
        let to = Self.withoutPlus(text.to)
        // A carrier may append digits of its own to the number.
        let country = countries.first { to.hasPrefix($0.number) }?.country ?? defaultCountry
        guard let country else { return Self.international(written) }
        // Home and abroad in one spelling: as read for an enqueue; what is no mobile number at home is an international one.
        if case .number(let number) = PhoneNumber.read(text.from, country: country) { return number }
        return written.hasPrefix("0") ? nil : Self.international(written)
    }

    private static func international(_ digits: Substring) -> String? {
        isNumber(digits, 7...15) && digits.first != "0" ? "+\(digits)" : nil
    }

    private static func isNumber(_ text: Substring, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func withoutPlus(_ text: String) -> Substring { text.hasPrefix("+") ? text.dropFirst() : Substring(text) }
}
