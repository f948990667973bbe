import Domain

/// A message as it will be sent, and what an admin should know about it.
public struct Rendered: Sendable, Equatable {
    public var message: RenderedMessage
    public var warnings: [RenderWarning]
    /// What the tracked links in it lead to; their tokens stand for these addresses in this message.
    public var links: [String] = []
}

/// Template + variables → rendered message, by one version of the policy. Pure: no I/O, no clock, no shared state.
///
/// Build one per policy version (it prepares word lists and senders) and share it; rendering is a few microseconds per SMS.
public struct Renderer: Sendable {
    private let classes: [String: PreparedClass]
    private let senders: [String: PreparedSender]
    private let defaultSender: String
    private let words: WordRules
    private let links: LinkRules
    let limits: RenderLimits

    /// - Parameter links: nil: links are not tracked, whatever the classes say, and a warning tells so.
    public init(_ policy: Policy, limits: RenderLimits = RenderLimits(), links: LinkTokens? = nil) {
        self.classes = policy.classes.mapValues(PreparedClass.init)
        self.senders = policy.senders.mapValues(PreparedSender.init)
        self.defaultSender = policy.defaultSender
        self.words = WordRules(policy.wordLists)
        self.links = LinkRules(policy, links)
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
        let from = try origin(sender.sender, message)
        let variables = try Variables(message.variables)
        try require(variables, rules, template)
        var warnings: [RenderWarning] = []
        let expansion = expansion(rules.tracking, message.id, &warnings)
        let content = try content(of: message, template, variables, rules, sender, expansion, &warnings)
        // What services hear is no person's message.
        if !words.isEmpty, message.channel != .webhook {
            warnings += try words.check(
                expansion?.originals ?? content.texts, address: message.address, provider: provider, naming: !rules.erasesBody,
                approved: approvesWords)
        }
        let rendered = RenderedMessage(
            content: content, from: from, fromName: message.channel == .sms ? nil : sender.sender.emailName,
            templateVersion: template.template.version)
        guard let expansion else { return Rendered(message: rendered, warnings: warnings) }
        warnings += expansion.untracked.sorted { $0.rawValue < $1.rawValue }.map { .untrackedLink($0) }
        return Rendered(message: rendered, warnings: warnings, links: expansion.targets)
    }

    private func expansion(_ tracking: LinkTracking?, _ message: MessageID, _ warnings: inout [RenderWarning]) -> LinkExpansion? {
        guard let tracking else { return nil }
        guard let tokens = links.tokens else {
            warnings.append(.untrackedLink(.noSecret))
            return nil
        }
        return LinkExpansion(links, tracking, tokens, message)
    }

    private func content(
        of message: Message, _ template: ParsedTemplate, _ variables: Variables, _ rules: PreparedClass,
        _ sender: PreparedSender, _ links: LinkExpansion?, _ warnings: inout [RenderWarning]
    ) throws(RenderError) -> RenderedMessage.Content {
        switch message.channel {
        case .sms: return .sms(try sms(message, template, variables, rules, sender, links, &warnings))
        case .email: return .email(try email(message, template, variables, sender.sender, links))
        default:
            let text = try text(template, template.body, .body, variables)
            return .http(links?.text(text) ?? text)
        }
    }

    /// The sender of a message: its own, else its class's, else the policy's.
    public func sender(for message: Message) throws(RenderError) -> Sender {
        try preparedSender(for: message, rules(of: message)).sender
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

    private func origin(_ sender: Sender, _ message: Message) throws(RenderError) -> String {
        let from: String? =
            switch message.channel {
            case .sms: sender.smsOrigin(for: message.address)
            case .email: sender.emailFrom
            // The providers of HTTP channels know senders by their key.
            default: sender.key
            }
        guard let from, !from.isEmpty else { throw .senderCannot(sender: sender.key, channel: message.channel) }
        return from
    }

    private func require(_ variables: Variables, _ rules: PreparedClass, _ template: ParsedTemplate) throws(RenderError) {
        let byClass = rules.required.filter { !variables.isPresent($0) }.map(\.text)
        let byTemplate = template.required.filter { !variables.isPresent($0) }.map(\.text)
        guard !byClass.isEmpty || !byTemplate.isEmpty else { return }
        let (ofClass, ofTemplate) = ("class \(rules.name)", "template \(template.template.key)")
        let by =
            byClass.isEmpty
            ? "\(ofTemplate) requires"
            : Set(byTemplate).isSubset(of: byClass) ? "\(ofClass) requires" : "\(ofTemplate) and \(ofClass) require"
        throw .requiredVariable(names: byTemplate + byClass.filter { !byTemplate.contains($0) }, by: by)
    }
}
