import ArgumentParser
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
        let rows = try await shared.withDatabase(.admin) { [key, channel] in
            try await $0.run(ListTemplates(key: key, channel: channel))
        }
        if shared.json {
            Terminal.out.json(
                .list(rows) {
                    [
                        "key": .string($0.key), "channel": .string($0.channel), "locale": .string($0.locale),
                        "version": .int($0.version), "required": .list($0.required) { .string($0) },
                        "pushed_at": .time($0.pushedAt),
                        "pushed_by": .string($0.pushedBy), "retired_at": .time($0.retiredAt),
                    ]
                })
        } else if !rows.isEmpty {
            var table = Table("key", "channel", "locale", "#version", "pushed", "by", "requires")
            for row in rows {
                table.add(
                    "\(row.key)", "\(row.channel)", "\(row.locale)", "\(row.version)", "\(row.pushedAt.shown)", "\(row.pushedBy)",
                    "\(row.retiredAt == nil ? row.required.joined(separator: ", ") : "retired")")
            }
            Terminal.out.table(table)
        }
        if rows.isEmpty {
            throw AdminError(
                .notFound, "No template is stored.", hint: "Push them with `martlet templates push --config Config`.")
        }
    }
}
