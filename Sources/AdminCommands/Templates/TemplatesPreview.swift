import ArgumentParser
import Operations

struct TemplatesPreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Render every locale of a template side by side.",
        discussion: """
            Variables that you do not give show as <name>, so that an author sees all languages without inventing data.

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
        let preview = PreviewTemplate(
            key: key, channel: channel, locale: locale, messageClass: `class`, to: to, variables: try variables?.load())
        let previews: [Preview]
        if let config {
            previews = try preview.run(with: PolicySource(try ConfigDirectory(config).load()))
        } else {
            previews = try await shared.run(preview)
        }
        shared.show(previews) {
            for preview in previews {
                preview.show()
                Terminal.out.line()
            }
        }
    }
}
