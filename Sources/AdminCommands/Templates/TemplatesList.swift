import ArgumentParser
import Domain
import Operations
import Store

struct TemplatesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the stored templates with their newest version.",
        discussion: """
            EXAMPLES
              martlet templates list
              martlet templates list --key login-code --channel sms --json
            """)
    @Option(name: .long, help: "Only this key.")
    var key: String?
    @Option(name: .long, help: "Only this channel: sms, email, …")
    var channel: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let rows = try await shared.run(ShowTemplates(key: key, channel: channel))
        shared.show(rows) {
            var table = Table("key", "channel", "locale", "#version", "pushed", "by", "requires")
            for row in rows {
                table.add(
                    "\(row.key)", "\(row.channel)", "\(row.locale)", "\(row.version)", "\(row.pushedAt.shown)", "\(row.pushedBy)",
                    "\(row.retiredAt == nil ? row.required.joined(separator: ", ") : "retired")")
            }
            Terminal.out.table(table)
        }
    }
}
