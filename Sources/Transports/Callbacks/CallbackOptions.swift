import Domain

/// How the callbacks of an HTTP provider are read: the options that begin with `callback`, `receipt_` and `text_`; README.md has the list.
struct CallbackOptions: Sendable {
    enum Reader: Sendable {
        case twilio
        case rules(CallbackRules)
    }
    var provider: String
    var auth: CallbackAuth
    /// The option with the file, and its path.
    var secretFile: (option: String, path: String)
    var reader: Reader
    /// By what callbacks name messages: whether the provider's ids must be kept.
    var receiptIDs: ReceiptIDs
    /// Meta's `hub.challenge` is answered.
    var answersHub = false

    /// nil: the provider has none.
    /// - Throws: `TransportError`.
    init?(generic options: inout TransportOptions) throws {
        let format = options.text("callback")
        let auth = options.text("callback_auth")
        let file = options.text("callback_secret_file")
        let handshake = options.text("callback_handshake")
        let rules = try Self.rules(&options)
        guard let format else {
            if let left = [("callback_auth", auth), ("callback_secret_file", file)].first(where: { $0.1 != nil }) {
                throw options.bad(left.0, left.1 ?? "", "it needs callback: json or callback: form, too")
            }
            if rules.status != nil || rules.textBody != nil {
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
        provider = options.provider
        do { self.auth = try CallbackAuth(auth) } catch { throw options.bad("callback_auth", auth, error.remedy) }
        secretFile = ("callback_secret_file", file)
        var described = rules
        described.format = format
        try Self.check(described, options)
        reader = .rules(described)
        receiptIDs = described.status != nil && described.id != nil && described.reference == nil ? .ofMessages : .none
    }

    private static func rules(_ options: inout TransportOptions) throws -> CallbackRules {
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
        rules.textEvents = try path(&options, "text_events")
        rules.textFrom = try selector(&options, "text_from")
        rules.textTo = try selector(&options, "text_to")
        rules.textBody = try selector(&options, "text_body")
        return rules
    }

    private static func check(_ rules: CallbackRules, _ options: TransportOptions) throws {
        guard rules.status != nil || rules.textBody != nil else {
            throw options.missing(
                "receipt_status", remedy: "say where callbacks have the status, or with text_body where a text is")
        }
        if rules.status != nil, rules.states.isEmpty {
            throw options.missing("receipt_states", remedy: "write what the statuses mean, such as DELIVRD=delivered")
        }
        if (rules.textBody == nil) != (rules.textFrom == nil) {
            throw options.missing(rules.textBody == nil ? "text_body" : "text_from", remedy: "a text has a sender and a body")
        }
        if rules.attempt != nil, rules.reference == nil {
            throw options.missing("receipt_reference", remedy: "receipt_attempt alone names no message")
        }
    }

    private static func selector(_ options: inout TransportOptions, _ name: String) throws -> CallbackSelector? {
        guard let text = options.text(name) else { return nil }
        guard let selector = CallbackSelector(text) else {
            throw options.bad(name, text, "write a path (status.name), header:NAME or query:NAME; with ` or ` between several")
        }
        return selector
    }

    private static func path(_ options: inout TransportOptions, _ name: String) throws -> [String] {
        guard let text = options.text(name) else { return [] }
        let steps = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard steps.count <= 16, steps.allSatisfy({ !$0.isEmpty && !$0.contains { "[] $".contains($0) } }) else {
            throw options.bad(
                name, text, "write names with dots between, such as entry.changes; every list on the way is gone through")
        }
        return steps
    }

    // MARK: Twilio

    /// Its account's token verifies; a file of its own can hold two of them while one is replaced. nil: there is no token.
    init?(twilio options: inout TransportOptions, tokenFile: String?, statusCallback: HTTPTemplate?) {
        provider = options.provider
        auth = .twilio
        if let path = options.text("callback_secret_file") {
            secretFile = ("callback_secret_file", path)
        } else if let tokenFile {
            secretFile = ("auth_token_file", tokenFile)
        } else {
            return nil
        }
        reader = .twilio
        let isNamed = statusCallback.map { $0.fields.isSuperset(of: [.messageID, .attempt]) } ?? false
        receiptIDs = statusCallback == nil || isNamed ? .none : .ofMessages
    }
}
