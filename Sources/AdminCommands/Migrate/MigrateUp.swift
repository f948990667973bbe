import ArgumentParser
import Operations

struct MigrateUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Apply what is pending, each migration in a transaction of its own; then functions and views that changed.",
        discussion: """
            Safe while workers run and when several run it at once. A migration that cannot get its locks within 5 s is
            rolled back and tried twice more; then the command ends with an error. Run it again.

            EXAMPLES
              martlet migrate up
              martlet migrate up --dry-run
              martlet migrate up --json
            """)
    @Flag(name: .long, help: "Apply it all in one transaction and roll that back: would it succeed on this very database?")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(MigrateSchema(dryRun: dryRun), checksSchema: false)
        shared.show(output) { showApplied(output) }
    }
}
