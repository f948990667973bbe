import Domain

/// A message as it will be sent, and what an admin should know about it.
public struct Rendered: Sendable, Equatable {
    public var message: RenderedMessage
    public var warnings: [RenderWarning]
}

/// Template + variables → rendered message, by one version of the policy. Pure: no I/O, no clock, no shared state.
///
/// Build one per policy version (it prepares word lists and senders) and share it; rendering is a few microseconds per SMS.
public struct Renderer: Sendable {
    private let classes: [String: PreparedClass]
    private let senders: [String: PreparedSender]
    private let defaultSender: String
    private let prices: [Price]
    private let words: WordRules
    private let limits: RenderLimits

    public init(_ policy: Policy, limits: RenderLimits = RenderLimits()) {
        self.classes = policy.classes.mapValues(PreparedClass.init)
        self.senders = policy.senders.mapValues(PreparedSender.init)
        self.defaultSender = policy.defaultSender
        self.prices = policy.prices
        self.words = WordRules(policy.wordLists)
        self.limits = limits
    }

    /// Renders one message.
    ///
    /// - Parameters:
    ///   - template: the template for the message's key, channel and locale (`TemplateSet`).
    ///   - provider: who will send it, for word lists that are restricted to providers; nil: not known, all lists apply.
    ///   - approvesWords: an admin has read what a word list held, and requeued it.
    public func render(
        _ message: Message, template: ParsedTemplate, provider: String? = nil, approvesWords: Bool = false
    ) throws(RenderError) -> Rendered {
        guard message.channel == template.template.channel else {
            throw .wrongChannel(template: TemplatePlace(template.template, part: .body, line: 1), message: message.channel)
        }
        let rules = try rules(of: message)
        let sender = try preparedSender(for: message, rules)
        let from = try origin(sender.sender, message.channel)
        let variables = try Variables(message.variables)
        try require(variables, rules, template)
        var warnings: [RenderWarning] = []
        let content: RenderedMessage.Content
        switch message.channel {
        case .sms:
            content = .sms(try sms(message, template, variables, rules, sender, &warnings))
        case .email:
            content = .email(try email(message, template, variables, sender.sender))
        default:
            content = .http(try text(template, template.body, .body, variables))
        }
        if !words.isEmpty {
            warnings += try words.check(
                content.texts, address: message.address, provider: provider, naming: !rules.erasesBody,
                approved: approvesWords)
        }
        let rendered = RenderedMessage(
            content: content, from: from, fromName: message.channel == .sms ? nil : sender.sender.emailName,
            templateVersion: template.template.version)
        return Rendered(message: rendered, warnings: warnings)
    }

    /// The sender of a message: its own, else its class's, else the policy's.
    public func sender(for message: Message) throws(RenderError) -> Sender {
        try preparedSender(for: message, rules(of: message)).sender
    }

    /// Segments and price of a rendered message at one provider.
    public func estimate(_ message: RenderedMessage, to address: String, provider: String) -> Estimate {
        Estimate(message, to: address, provider: provider, prices: prices)
    }

    private func rules(of message: Message) throws(RenderError) -> PreparedClass {
        guard let rules = classes[message.messageClass] else { throw .unknownClass(message.messageClass) }
        return rules
    }

    private func preparedSender(for message: Message, _ rules: PreparedClass) throws(RenderError) -> PreparedSender {
        let key = message.sender ?? rules.sender ?? defaultSender
        guard let sender = senders[key] else { throw .unknownSender(key) }
        return sender
    }

    private func origin(_ sender: Sender, _ channel: Channel) throws(RenderError) -> String {
        let from: String? =
            switch channel {
            case .sms: sender.smsFrom
            case .email: sender.emailFrom
            // The providers of HTTP channels know senders by their key.
            default: sender.key
            }
        guard let from, !from.isEmpty else { throw .senderCannot(sender: sender.key, channel: channel) }
        return from
    }

    private func require(_ variables: Variables, _ rules: PreparedClass, _ template: ParsedTemplate) throws(RenderError) {
        for path in rules.required where !variables.isPresent(path) {
            throw .requiredVariable(name: path.text, by: "class \(rules.name)")
        }
        for path in template.required where !variables.isPresent(path) {
            throw .requiredVariable(name: path.text, by: "template \(template.template.key)")
        }
    }

    private func text(
        _ template: ParsedTemplate, _ program: Program, _ part: TemplatePlace.Part, _ variables: Variables
    ) throws(RenderError) -> String {
        var output: [UInt8] = []
        try template.run(program, part, variables, limits, into: &output)
        return String(decoding: output, as: UTF8.self)
    }
}

extension Renderer {
    private func sms(
        _ message: Message, _ template: ParsedTemplate, _ variables: Variables, _ rules: PreparedClass,
        _ sender: PreparedSender, _ warnings: inout [RenderWarning]
    ) throws(RenderError) -> SMSText {
        var output: [UInt8] = []
        output.reserveCapacity(512)
        try template.run(template.body, .body, variables, limits, into: &output)
        if rules.requiresSignature {
            if let signature = Prefix.longest(sender.signatures, for: message.address, prefix: \.prefix) {
                if !UTF8Text.has(signature.core, in: output, at: 0) { output.insert(contentsOf: signature.bytes, at: 0) }
            } else {
                warnings.append(.noSignature(sender: sender.sender.key))
            }
        }
        if rules.requiresOptOut {
            if let phrase = Prefix.longest(sender.optOutPhrases, for: message.address, prefix: \.prefix) {
                if !UTF8Text.contains(phrase.core, in: output) { output.append(contentsOf: phrase.bytes) }
            } else {
                warnings.append(.noOptOutPhrase(sender: sender.sender.key))
            }
        }
        let text = Segmentation.split(String(decoding: output, as: UTF8.self))
        try checkLength(text, rules, &warnings)
        return text
    }

    private func checkLength(_ text: SMSText, _ rules: PreparedClass, _ warnings: inout [RenderWarning]) throws(RenderError) {
        let segments = text.parts.count
        if let limit = rules.maxSegments, segments > limit {
            if rules.rejectsOverlong { throw .overlong(segments: segments, limit: limit, by: "class \(rules.name)") }
            warnings.append(.overlong(segments: segments, limit: limit))
        }
        guard segments <= RenderLimits.segments else {
            throw .overlong(segments: segments, limit: RenderLimits.segments, by: "the SMS standard")
        }
    }

    private func email(
        _ message: Message, _ template: ParsedTemplate, _ variables: Variables, _ sender: Sender
    ) throws(RenderError) -> EmailContent {
        guard let program = template.subject else {
            throw .wrongChannel(template: TemplatePlace(template.template, part: .subject, line: 1), message: message.channel)
        }
        let subject = try text(template, program, .subject, variables)
        guard !subject.utf8.contains(where: { $0 == 0x0A || $0 == 0x0D || $0 == 0 }) else {
            throw .lineBreakInSubject(at: TemplatePlace(template.template, part: .subject, line: 1))
        }
        let body = try text(template, template.body, .body, variables)
        var html: String?
        if let program = template.html { html = try text(template, program, .html, variables) }
        var content = EmailContent(subject: subject, text: body, html: html, replyTo: sender.replyTo)
        if let headers = message.headers { content.headers = try Headers.read(headers) }
        if let index = content.headers.firstIndex(where: { $0.name.lowercased() == "reply-to" }) {
            content.replyTo = content.headers.remove(at: index).value
        }
        return content
    }
}

extension RenderedMessage.Content {
    /// All that a recipient may read.
    var texts: [String] {
        switch self {
        case .sms(let sms): [sms.text]
        case .email(let email): [email.subject, email.text] + (email.html.map { [$0] } ?? [])
        case .http(let text): [text]
        }
    }
}
