import ArgumentParser
import Domain
import Rendering
import Store

struct MessagePreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Show what a recipient would read, how it is encoded, and what it costs.",
        discussion: """
            By template and variables with the policy and templates of the database, or of a directory with --config; or any text with
            --text, which needs no database unless --to asks for the price.

            EXAMPLES
              martlet message preview --class otp --channel sms --to +8613800138000 --template login-code \\
                --locale zh-CN --variables '{"code": "123456", "minutes": 5}'
              martlet message preview --channel sms --text '您的验证码是 123456'
              martlet message preview --config Config --class marketing --channel sms --to +4915112345678 \\
                --template flash-sale --variables @sale.json --json
            """)
    @Option(name: .long, help: "sms, email, or another channel of the policy.")
    var channel = "sms"
    @Option(name: .long, help: "Any text instead of a template (SMS).")
    var text: String?
    @Option(name: .long, help: "Key of the template.")
    var template: String?
    @Option(name: .long, help: "Class of the message: it decides about signature, opt-out phrase and length.")
    var `class`: String?
    @Option(name: .long, help: "Address of the recipient: it decides about route, signature and price.")
    var to: String?
    @Option(name: .long, help: "Locale of the recipient, such as zh-CN; left out: the sender's.")
    var locale: String?
    @Option(name: .long, help: "JSON object, @file, or - for standard input.")
    var variables: VariablesArgument?
    @Option(name: .long, help: "Key of the sender; left out: the class's or the policy's.")
    var sender: String?
    @Option(name: .long, help: "Provider to price it for; left out: the one the routes choose.")
    var provider: String?
    @Option(
        name: .long, help: ArgumentHelp("Take policy and templates from here, not from the database.", valueName: "dir"),
        completion: .directory)
    var config: String?
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard (text == nil) != (template == nil) else { throw ValidationError("Give either --template or --text.") }
        if text != nil {
            guard channel == "sms" else {
                throw ValidationError("--text is for --channel sms: only there encoding and segments matter.")
            }
            guard `class` == nil, variables == nil, locale == nil else {
                throw ValidationError("--class, --locale and --variables belong to --template.")
            }
        } else {
            guard `class` != nil, to != nil else { throw ValidationError("--template needs --class and --to.") }
        }
    }

    func run() async throws {
        let preview: Preview
        if let text { preview = try await plain(text) } else { preview = try await fromTemplate() }
        if shared.json { Terminal.out.json(preview.json) } else { preview.show() }
    }

    private func plain(_ text: String) async throws -> Preview {
        let sms = Segmentation.split(text)
        guard let to else {
            return Preview(rendered: RenderedMessage(content: .sms(sms), from: "", templateVersion: 0), to: nil)
        }
        let policy = try await source(key: nil).policy
        let address = typedAddress(to)
        let message = Self.message(to: address, channel: .sms, class: "", template: "", sender: sender ?? policy.defaultSender)
        let rendered = RenderedMessage(content: .sms(sms), from: "", templateVersion: 0)
        var preview = Preview(rendered: rendered, to: address)
        preview.price(policy, provider ?? Router(policy).provider(for: message, sender: sender ?? policy.defaultSender)?.name)
        return preview
    }

    private func fromTemplate() async throws -> Preview {
        guard let key = template, let name = `class`, let to else { throw ValidationError("--template needs --class and --to.") }
        let (policy, templates) = try await source(key: key)
        let address = typedAddress(to)
        var message = Self.message(to: address, channel: Channel(rawValue: channel), class: name, template: key, sender: sender)
        message.locale = locale
        message.variables = try variables?.load() ?? "{}"
        do throws(RenderError) {
            let renderer = Renderer(policy, links: .placeholder)
            let sender = try renderer.sender(for: message)
            let candidates = templates.filter { $0.template.key == key && $0.template.channel == message.channel }
            guard let template = TemplateSet(candidates).best(for: locale, sender: sender.defaultLocale) else {
                throw .unknownTemplate(key, message.channel, locales: candidates.map(\.template.locale))
            }
            let route = provider ?? Router(policy).provider(for: message, sender: sender.key)?.name
            let rendered = try renderer.render(message, template: template, provider: route)
            var preview = Preview(rendered: rendered.message, to: address)
            preview.template = template.template
            preview.warnings = rendered.warnings.map { (code: $0.code, text: $0.description) }
            preview.price(policy, route)
            return preview
        } catch {
            throw AdminError(.refused, "\(error.code): \(error.sentence)", hint: error.remedy)
        }
    }

    /// Policy and templates: of a directory, or of the database.
    private func source(key: String?) async throws -> (policy: Policy, templates: [ParsedTemplate]) {
        if let config {
            let content = try ConfigDirectory(config).load()
            return (content.policy, content.templates)
        }
        return try await shared.withDatabase(.admin) { [channel] database in
            let policy = try await currentPolicy(database).policy
            guard let key else { return (policy, []) }
            return (policy, try await storedTemplates(database, key: key, channel: channel))
        }
    }

    private static func message(
        to address: String, channel: Channel, class name: String, template: String, sender: String?
    ) -> Message {
        let now = Timestamp(microseconds: 0)
        return Message(
            id: MessageID(0), messageClass: name, channel: channel, recipientKey: address, address: address, template: template,
            sender: sender, createdAt: now, expiresAt: now)
    }
}

/// - Throws: `AdminError` (2) for a stored template that does not parse.
func storedTemplates(_ database: Database, key: String, channel: String?) async throws -> [ParsedTemplate] {
    let stored = try await database.run(LoadTemplates(key: key, channel: channel))
    do throws(RenderError) {
        var parsed: [ParsedTemplate] = []
        for template in stored { parsed.append(try ParsedTemplate(template)) }
        return parsed
    } catch {
        throw AdminError(.refused, "\(error.code): \(error.sentence)", hint: error.remedy)
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
