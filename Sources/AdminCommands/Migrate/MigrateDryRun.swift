import ArgumentParser
import Operations

struct MigrateDryRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run",
        abstract: "Apply what is pending in one transaction and roll it back: now `migrate up --dry-run`.",
        discussion: """
            Shows whether the migrations would succeed on this very database. It takes the locks that they take.

            EXAMPLES
              martlet migrate dry-run
            """, shouldDisplay: false)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(MigrateSchema(dryRun: true), checksSchema: false)
        shared.show(output) { showApplied(output) }
    }
}
