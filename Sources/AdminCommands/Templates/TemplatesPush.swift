import ArgumentParser
import Rendering
import Store

struct TemplatesPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Check the templates of a directory and store those that differ as the next version.",
        discussion: """
            All or nothing, after parsing every one of them. Messages that wait are rendered with the newest version.

            EXAMPLES
              martlet templates push --config Config
              martlet templates push --config Config --dry-run --json
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @Option(name: .long, help: "Why, for the audit.")
    var note: String?
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let templates = try ConfigDirectory(config).load().templates.map(\.template)
        let pushed = try await shared.withDatabase(.admin) { [note, dryRun] database in
            try await database.withConnection { connection in
                try await connection.begin(LockConfiguration())
                do {
                    let pushed = try await connection.run(PushTemplates(templates: templates))
                    if dryRun || pushed.isEmpty {
                        await connection.rollbackAfterError()
                    } else {
                        let detail = JSONValue.list(pushed, \.json)
                        _ = try await connection.commit(
                            InsertAudit(action: "push_templates", object: "\(pushed.count)", why: note, detail: detail.text))
                    }
                    return pushed
                } catch {
                    await connection.rollbackAfterError()
                    throw error
                }
            }
        }
        if shared.json {
            return Terminal.out.json(["dry_run": .bool(dryRun), "pushed": .list(pushed, \.json)])
        }
        for template in pushed {
            Terminal.out.line("\(template.key) \(template.locale).\(template.channel): version \(template.version)")
        }
        let verb = dryRun ? "would be stored" : "stored"
        Terminal.out.line("\(pushed.count) of \(templates.count) templates \(verb), the rest is unchanged")
    }
}
