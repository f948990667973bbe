import ArgumentParser
import Domain
import Rendering

struct TemplatesPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Render every locale of a template side by side.",
        discussion: """
            Variables that you do not give show as ‹name›, so that an author sees all languages without inventing data.

            EXAMPLES
              martlet templates preview login-code
              martlet templates preview login-code --config Config --class otp --variables '{"code": "123456", "minutes": 5}'
            """)
    @Argument(help: "Key of the template.")
    var key: String
    @Option(name: .long, help: "Only this channel.")
    var channel: String?
    @Option(name: .long, help: "Only this locale.")
    var locale: String?
    @Option(name: .long, help: "Render as this class; it decides about signature and opt-out phrase.")
    var `class` = "transactional"
    @Option(name: .long, help: "Address that decides about signature and price.")
    var to = "+440000000000"
    @Option(name: .long, help: "JSON object, @file, or - for standard input.")
    var variables: VariablesArgument?
    @Option(
        name: .long, help: ArgumentHelp("Take policy and templates from here, not from the database.", valueName: "dir"),
        completion: .directory)
    var config: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let (policy, templates) = try await source()
        let wanted = templates.filter {
            $0.template.key == key && (channel == nil || $0.template.channel.rawValue == channel)
                && (locale == nil || $0.template.locale == locale)
        }
        guard !wanted.isEmpty else {
            throw AdminError(
                .notFound, "There is no template \(key) that matches.", hint: "`martlet templates list` shows what is stored.")
        }
        let given = try variables?.load()
        var previews: [JSONValue] = []
        for template in wanted {
            let preview = try preview(template, policy, given)
            if shared.json {
                previews.append(preview.json)
            } else {
                preview.show()
                Terminal.out.line()
            }
        }
        if shared.json { Terminal.out.json(.array(previews)) }
    }

    private func preview(_ template: ParsedTemplate, _ policy: Policy, _ given: String?) throws -> Preview {
        let address = template.template.channel == .email ? "somebody@example.com" : typedAddress(to)
        let instant = Timestamp(microseconds: 0)
        let names = template.variableNames + template.template.required + (policy.classes[`class`]?.requiredVariables ?? [])
        let message = Message(
            id: MessageID(0), messageClass: `class`, channel: template.template.channel, recipientKey: address, address: address,
            template: key, variables: given ?? SampleVariables.json(names), createdAt: instant, expiresAt: instant)
        do throws(RenderError) {
            let renderer = Renderer(policy, links: .placeholder)
            let sender = try renderer.sender(for: message)
            let rendered = try renderer.render(message, template: template)
            var preview = Preview(rendered: rendered.message, to: address)
            preview.template = template.template
            preview.warnings += rendered.warnings.map { (code: $0.code, text: $0.description) }
            preview.price(policy, Router(policy).provider(for: message, sender: sender.key)?.name)
            return preview
        } catch {
            throw AdminError(.refused, "\(error.code): \(error.sentence)", hint: error.remedy)
        }
    }

    private func source() async throws -> (policy: Policy, templates: [ParsedTemplate]) {
        if let config {
            let content = try ConfigDirectory(config).load()
            return (content.policy, content.templates)
        }
        return try await shared.withDatabase(.admin) { [key, channel] database in
            (try await currentPolicy(database).policy, try await storedTemplates(database, key: key, channel: channel))
        }
    }
}

/// `‹name›` for every variable of a template; dotted names become objects.
enum SampleVariables {
    private final class Node {
        var members: [String: Node] = [:]
    }

    static func json(_ names: [String]) -> String {
        let root = Node()
        for name in names {
            var node = root
            for part in name.split(separator: ".").map(String.init) {
                let next = node.members[part] ?? Node()
                node.members[part] = next
                node = next
            }
        }
        return value(root, name: "").text
    }

    private static func value(_ node: Node, name: String) -> JSONValue {
        if node.members.isEmpty, !name.isEmpty { return .string("‹\(name)›") }
        return .object(node.members.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: value($0.value, name: $0.key)) })
    }
}
