import Domain
import Rendering

/// What a recipient would read, how it is encoded, and what it costs. Sends nothing.
public struct PreviewMessage: UseCase {
    public static let role = Role.admin

    public struct Wording: Sendable {
        public var template: String
        public var messageClass: String
        public var locale: String?
        /// JSON object.
        public var variables: String
        public init(template: String, messageClass: String, locale: String?, variables: String) {
            self.template = template
            self.messageClass = messageClass
            self.locale = locale
            self.variables = variables
        }
    }
    public enum Text: Sendable {
        /// Any text, of an SMS.
        case plain(String)
        case template(Wording)
    }

    public var text: Text
    public var channel: Channel
    /// The address as people type it.
    public var to: String
    /// Key; nil: the class's or the policy's.
    public var sender: String?
    /// To price it for; nil: the one that the routes choose.
    public var provider: String?
    /// Shows also what a word list holds.
    var approvesWords = false

    public init(text: Text, channel: Channel, to: String, sender: String? = nil, provider: String? = nil) {
        self.text = text
        self.channel = channel
        self.to = to
        self.sender = sender
        self.provider = provider
    }

    /// Encoding and segments of a text without a recipient: needs neither policy nor cluster.
    public static func plain(_ text: String) -> Preview { Preview(rendered: rendered(text), to: nil) }

    private static func rendered(_ text: String) -> RenderedMessage {
        RenderedMessage(content: .sms(Segmentation.split(text)), from: "", templateVersion: 0)
    }

    public func perform(in context: OperationContext) async throws -> Preview {
        var key: String?
        if case .template(let wording) = text { key = wording.template }
        return try run(with: try await PolicySource(context, key: key, channel: channel.rawValue))
    }

    /// By a policy of the caller's, without a cluster.
    public func run(with source: PolicySource) throws(OperationError) -> Preview {
        switch text {
        case .plain(let text): return plain(text, source.policy)
        case .template(let wording):
            do throws(RenderError) {
                return try render(wording, source)
            } catch {
                throw OperationError(error)
            }
        }
    }

    private func plain(_ text: String, _ policy: Policy) -> Preview {
        let address = typedAddress(to)
        let sender = sender ?? policy.defaultSender
        let message = Message(
            previewTo: address, channel: .sms, messageClass: "", template: "", sender: sender)
        var preview = Preview(rendered: Self.rendered(text), to: address)
        preview.price(policy, provider ?? Router(policy).provider(for: message, sender: sender)?.name)
        return preview
    }

    private func render(_ wording: Wording, _ source: PolicySource) throws(RenderError) -> Preview {
        let address = typedAddress(to)
        var message = Message(
            previewTo: address, channel: channel, messageClass: wording.messageClass, template: wording.template,
            sender: sender)
        message.locale = wording.locale
        message.variables = wording.variables
        let renderer = Renderer(source.policy, links: .placeholder)
        let sender = try renderer.sender(for: message)
        let candidates = source.templates.filter { $0.template.key == wording.template && $0.template.channel == channel }
        guard let template = TemplateSet(candidates).best(for: wording.locale, sender: sender.defaultLocale) else {
            throw .unknownTemplate(wording.template, channel, locales: candidates.map(\.template.locale))
        }
        let route = provider ?? Router(source.policy).provider(for: message, sender: sender.key)?.name
        let rendered = try renderer.render(message, template: template, provider: route, approvesWords: approvesWords)
        var preview = Preview(rendered: rendered.message, to: address)
        preview.template = template.template
        preview.warnings = rendered.warnings.map { Preview.Warning(code: $0.code, text: $0.description) }
        preview.price(source.policy, route)
        return preview
    }
}

extension Message {
    /// One that is not sent.
    init(previewTo address: String, channel: Channel, messageClass: String, template: String, sender: String?) {
        let now = Timestamp(microseconds: 0)
        self.init(
            id: MessageID(0), messageClass: messageClass, channel: channel, recipientKey: address, address: address,
            template: template, sender: sender, createdAt: now, expiresAt: now)
    }
}

extension RenderError {
    fileprivate static func unknownTemplate(_ key: String, _ channel: Channel, locales: [String]) -> RenderError {
        .templateSyntax(
            at: TemplatePlace(Template(key: key, locale: "-", channel: channel, version: 0, body: ""), part: .body, line: 1),
            problem: locales.isEmpty
                ? "there is no such template"
                : "there is none for this locale, only for \(locales.sorted().joined(separator: ", "))",
            remedy: "push one with `martlet templates push`, or pass --locale")
    }
}
