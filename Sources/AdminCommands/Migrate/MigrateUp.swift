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
              martlet migrate up --json
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(MigrateSchema(dryRun: false), checksSchema: false)
        shared.show(output) { showApplied(output) }
    }
}
