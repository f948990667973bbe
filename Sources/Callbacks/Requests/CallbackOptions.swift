import Domain
import Text

/// How the callbacks of an HTTP provider are read: the options that begin with `callback`, `receipt_` and `text_`; README.md has the list.
package struct CallbackOptions: Sendable {
    enum Reader: Sendable {
        case twilio
        case rules(CallbackRules)
    }
    var provider: String
    var auth: CallbackAuth
    /// The option with the file, and its path.
    package var secretFile: (option: String, path: String)
    var reader: Reader
    /// By what callbacks name messages: whether the provider's ids must be kept.
    var receiptIDs: ReceiptIDs
    /// Meta's `hub.challenge` is answered.
    var answersHub = false
    /// What the body of a 200 must be; nil: nothing.
    var answer: String?
    /// A larger body is refused unread.
    var maximumBody = defaultMaximumBody

    /// SendGrid's lists of events have up to 768 KB.
    static let defaultMaximumBody = 1 << 20
    static let largestBody = 8 << 20

    /// nil: the provider has none.
    /// - Throws: `ProviderError`.
    package init?(generic options: inout ProviderOptions) throws {
        let format = options.text("callback")
        let auth = options.text("callback_auth")
        let file = options.text("callback_secret_file")
        let handshake = options.text("callback_handshake")
        let answer = options.text("callback_answer")
        let maximumBody = try Self.maximumBody(&options)
        let rules = try Self.rules(&options)
        guard let format else {
            let needy = [("callback_auth", auth), ("callback_secret_file", file), ("callback_answer", answer)]
            if let left = needy.first(where: { $0.1 != nil }) {
                throw options.bad(left.0, left.1 ?? "", "it needs callback: json or callback: form, too")
            }
            if rules.status != nil || rules.texts.body != nil {
                throw options.missing("callback", remedy: "write json or form: how callbacks are written")
            }
            return nil
        }
        guard let format = CallbackRules.Format(rawValue: format) else {
            throw options.bad("callback", format, "use json or form")
        }
        guard let auth else {
            throw options.missing("callback_auth", remedy: "anybody can send callbacks: write basic, token … or hmac-sha256 …")
        }
        guard let file else {
            throw options.missing("callback_secret_file", remedy: "name a file with one secret a line; all are tried")
        }
        if let handshake, handshake != "hub" { throw options.bad("callback_handshake", handshake, "use hub, or leave it out") }
        answersHub = handshake != nil
        self.answer = answer
        self.maximumBody = maximumBody
        provider = options.provider
        do { self.auth = try CallbackAuth(auth) } catch { throw options.bad("callback_auth", auth, error.remedy) }
        secretFile = ("callback_secret_file", file)
        var described = rules
        described.format = format
        try Self.check(described, options)
        reader = .rules(described)
        receiptIDs = described.status != nil && described.id != nil && described.reference == nil ? .ofMessages : .none
    }

    private static func rules(_ options: inout ProviderOptions) throws -> CallbackRules {
        var rules = CallbackRules(format: .json)
        rules.receiptEvents = try path(&options, "receipt_events")
        rules.id = try selector(&options, "receipt_id")
        rules.reference = try selector(&options, "receipt_reference")
        rules.attempt = try selector(&options, "receipt_attempt")
        rules.status = try selector(&options, "receipt_status")
        rules.error = try selector(&options, "receipt_error")
        rules.recipient = try selector(&options, "receipt_recipient")
        do { rules.states = try CallbackStateRule.parse(options.text("receipt_states") ?? "") } catch {
            throw options.bad("receipt_states", error.line, error.remedy)
        }
        rules.texts = try texts(&options)
        return rules
    }

    private static func texts(_ options: inout ProviderOptions) throws -> CallbackTexts {
        var texts = CallbackTexts()
        if let places = options.text("text_events") {
            texts.events = try places.replacing(" or ", with: "\n").split(separator: "\n").map(\.trimmingBlanks).map {
                try path($0, "text_events", options)
            }
        }
        texts.from = try selector(&options, "text_from")
        texts.to = try selector(&options, "text_to")
        texts.body = try selector(&options, "text_body")
        texts.words = try selector(&options, "text_words")
        texts.flag = try selector(&options, "text_flag")
        do { texts.flags = try CallbackTexts.flags(options.text("text_flags") ?? "") } catch {
            throw options.bad("text_flags", error.line, error.remedy)
        }
        switch options.text("text_numbers") {
        case nil: break
        case "international": texts.areInternational = true
        case .some(let value): throw options.bad("text_numbers", value, "use international, or leave it out")
        }
        return texts
    }

    /// `768KB`, `3MB`.
    private static func maximumBody(_ options: inout ProviderOptions) throws -> Int {
        guard let text = options.text("callback_maximum_body") else { return defaultMaximumBody }
        for (unit, octets) in [("KB", 1 << 10), ("MB", 1 << 20)] {
            guard let end = text.uppercased().firstRange(of: unit), end.upperBound == text.uppercased().endIndex,
                let count = Int(text.uppercased()[..<end.lowerBound].trimmingBlanks), (1...(largestBody / octets)).contains(count)
            else { continue }
            return count * octets
        }
        throw options.bad("callback_maximum_body", text, "use a size such as 768KB or 3MB, at most \(largestBody >> 20)MB")
    }

    private static func check(_ rules: CallbackRules, _ options: ProviderOptions) throws {
        guard rules.status != nil || rules.texts.body != nil else {
            throw options.missing(
                "receipt_status", remedy: "say where callbacks have the status, or with text_body where a text is")
        }
        if rules.status != nil, rules.states.isEmpty {
            throw options.missing("receipt_states", remedy: "write what the statuses mean, such as DELIVRD=delivered")
        }
        if (rules.texts.body == nil) != (rules.texts.from == nil) {
            throw options.missing(rules.texts.body == nil ? "text_body" : "text_from", remedy: "a text has a sender and a body")
        }
        if (rules.texts.flag == nil) != rules.texts.flags.isEmpty {
            throw options.missing(
                rules.texts.flag == nil ? "text_flag" : "text_flags",
                remedy: "say where the provider says that somebody opts out, and what its words mean, such as STOP=stop")
        }
        if rules.attempt != nil, rules.reference == nil {
            throw options.missing("receipt_reference", remedy: "receipt_attempt alone names no message")
        }
    }

    private static func selector(_ options: inout ProviderOptions, _ name: String) throws -> CallbackSelector? {
        guard let text = options.text(name) else { return nil }
        guard let selector = CallbackSelector(text) else {
            throw options.bad(name, text, "write a path (status.name), header:NAME or query:NAME; with ` or ` between several")
        }
        return selector
    }

    private static func path(_ options: inout ProviderOptions, _ name: String) throws -> [String] {
        try options.text(name).map { try path($0, name, options) } ?? []
    }

    private static func path(_ text: String, _ name: String, _ options: ProviderOptions) throws -> [String] {
        let steps = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard steps.count <= 16, steps.allSatisfy({ !$0.isEmpty && !$0.contains { "[] $".contains($0) } }) else {
            throw options.bad(
                name, text, "write names with dots between, such as entry.changes; every list on the way is gone through")
        }
        return steps
    }

    // MARK: Twilio

    /// Its account's token verifies; a file of its own can hold two of them while one is replaced. nil: there is no token.
    package init?(twilio options: inout ProviderOptions) {
        provider = options.provider
        auth = .twilio
        if let path = options.text("callback_secret_file") {
            secretFile = ("callback_secret_file", path)
        } else if options.text("api_key_sid") == nil, let path = options.text("auth_token_file") {
            // What an API key signs with is not what Twilio signs with.
            secretFile = ("auth_token_file", path)
        } else {
            return nil
        }
        reader = .twilio
        let statusCallback = options.text("status_callback")
        let isNamed = statusCallback.map { $0.contains("{message_id}") && $0.contains("{attempt}") } ?? false
        receiptIDs = statusCallback == nil || isNamed ? .none : .ofMessages
    }
}
