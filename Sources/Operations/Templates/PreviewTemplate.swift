import Domain
import Rendering

/// Renders every locale of a template. Variables that are not given show as `<name>`: characters that an SMS has in GSM-7, so that they make no text longer than it is.
public struct PreviewTemplate: UseCase {
    public static let role = Role.admin

    public var key: String
    /// nil: all.
    public var channel: String?
    /// nil: all.
    public var locale: String?
    /// It decides about signature and opt-out phrase.
    public var messageClass: String
    /// An SMS number, which decides about signature and price.
    public var to: String
    /// JSON object.
    public var variables: String?

    public init(key: String, channel: String?, locale: String?, messageClass: String, to: String, variables: String?) {
        self.key = key
        self.channel = channel
        self.locale = locale
        self.messageClass = messageClass
        self.to = to
        self.variables = variables
    }

    public func perform(in context: OperationContext) async throws -> [Preview] {
        try run(with: try await PolicySource(context, key: key, channel: channel))
    }

    /// By a policy of the caller's, without a cluster.
    public func run(with source: PolicySource) throws(OperationError) -> [Preview] {
        let wanted = source.templates.filter {
            $0.template.key == key && (channel == nil || $0.template.channel.rawValue == channel)
                && (locale == nil || $0.template.locale == locale)
        }
        guard !wanted.isEmpty else {
            throw OperationError(
                .notFound, "There is no template \(key) that matches.", hint: "`martlet templates list` shows what is stored.")
        }
        var previews: [Preview] = []
        do throws(RenderError) {
            for template in wanted { previews.append(try preview(template, source.policy)) }
        } catch {
            throw OperationError(error)
        }
        return previews
    }

    private func preview(_ template: ParsedTemplate, _ policy: Policy) throws(RenderError) -> Preview {
        let address = template.template.channel == .email ? "somebody@example.com" : typedAddress(to)
        let names = template.variableNames + template.template.required + (policy.classes[messageClass]?.requiredVariables ?? [])
        var message = Message(
            previewTo: address, channel: template.template.channel, messageClass: messageClass, template: key, sender: nil)
        message.variables = variables ?? SampleVariables.json(names)
        let renderer = Renderer(policy, links: .placeholder)
        let sender = try renderer.sender(for: message)
        let rendered = try renderer.render(message, template: template)
        var preview = Preview(rendered: rendered.message, to: address)
        preview.template = template.template
        preview.warnings += rendered.warnings.map { Preview.Warning(code: $0.code, text: $0.description) }
        preview.price(policy, Router(policy).provider(for: message, sender: sender.key)?.name)
        return preview
    }
}
