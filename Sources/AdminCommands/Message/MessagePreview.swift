import ArgumentParser
import Domain
import Operations

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
        let preview = try await preview()
        shared.show(preview) { preview.show() }
    }

    private func preview() async throws -> Preview {
        if let text, to == nil { return PreviewMessage.plain(text) }
        guard let to else { throw ValidationError("--template needs --class and --to.") }
        let preview = PreviewMessage(
            text: try wording(), channel: Channel(rawValue: channel), to: to, sender: sender, provider: provider)
        if let config { return try preview.run(with: PolicySource(try ConfigDirectory(config).load())) }
        return try await shared.run(preview)
    }

    private func wording() throws -> PreviewMessage.Text {
        if let text { return .plain(text) }
        guard let template, let name = `class` else { throw ValidationError("--template needs --class and --to.") }
        return .template(
            PreviewMessage.Wording(
                template: template, messageClass: name, locale: locale, variables: try variables?.load() ?? "{}"))
    }
}
