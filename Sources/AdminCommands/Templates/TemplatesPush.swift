import ArgumentParser
import Operations
import Rendering
import Store
import Text

struct TemplatesPush: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Check the templates of a directory and store those that differ as the next version.",
        discussion: """
            All or nothing, after parsing every one of them. Messages that wait are rendered with the newest version.

            EXAMPLES
              martlet templates push --config Config
              martlet templates push --config Config --dry-run --json
              martlet templates push --config Config --wait
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @Option(name: .long, help: "Why, for the audit.")
    var why: String?
    @Option(name: .customLong("note"), help: .hidden)
    var before: String?
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @OptionGroup(title: "Waiting") var waiting: PolicyWait
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let templates = try ConfigDirectory(config).load().templates.map(\.template)
        let note = try reason(why, before)
        let (output, waited) = try await shared.withCluster { cluster, actor in
            let store = StoreTemplates(templates: templates, note: note, dryRun: dryRun)
            let output = try await store.run(on: cluster, as: actor)
            return (output, dryRun ? nil : try await waiting.run(on: cluster, as: actor))
        }
        shared.show(waited.map { output.json.adding("wait", $0.json) } ?? output.json) {
            for template in output.pushed {
                Terminal.out.line("\(template.key) \(template.locale).\(template.channel): version \(template.version)")
            }
            let verb = dryRun ? "would be stored" : "stored"
            Terminal.out.line("\(output.pushed.count) of \(templates.count) templates \(verb), the rest is unchanged")
        }
        try waiting.conclude(waited, asJSON: shared.json)
    }
}
