import ArgumentParser
import Operations
import Store
import Text

struct MigrateRepair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Mend what `up` cannot: a migration that was applied with another text, an object that somebody changed.",
        discussion: """
            Says what differs, and asks. A numbered file is not run again: its recorded checksum becomes that of this binary's
            text, so make sure first that the tables are as they should be. Functions and views become those of this binary,
            also where a newer one brought others. Each is a line in the audit.

            EXAMPLES
              martlet migrate repair --dry-run --why look
              martlet migrate repair --why "the file was mended after the test cluster had it"
            """)
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .long, help: "Only say what differs.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard why.contains(where: { !$0.isWhitespace }) else { throw ValidationError("--why must say why.") }
    }

    func run() async throws {
        let found = try await shared.run(FindSchemaDifferences(), checksSchema: false)
        if !shared.json { describe(found) }
        if !dryRun, !found.isEmpty {
            try Confirmation.ask(
                "Replace \(found.migrations.count) checksums and make \(found.objects.count) functions and views anew?", yes: yes)
            try await shared.run(RepairSchema(found, why: why), checksSchema: false)
        }
        if shared.json { return Terminal.out.json(found.json.adding("dry_run", .bool(dryRun))) }
        if !dryRun, !found.isEmpty { Terminal.out.line("repaired", .green) }
    }

    private func describe(_ found: MigrationRepair) {
        let out = Terminal.out
        for text in found.migrations {
            out.line(
                "\(text.name): applied with checksum \(text.applied.prefix(12))…, this binary's text has \(text.own.prefix(12))…; the checksum is to be replaced"
            )
        }
        for object in found.objects {
            let cause =
                switch object.cause {
                case .missing: "is not there"
                case .differs: "is not as this binary recorded it: somebody changed it, or its rights"
                case .newer: "has the text of another binary, which counts as newer"
                }
            out.line("\(object.name): \(cause); it is to be made anew")
        }
        if found.isEmpty { out.line("nothing to repair; what is to be applied first is in `martlet migrate status`") }
    }
}
