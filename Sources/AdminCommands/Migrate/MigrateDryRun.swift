import ArgumentParser
import Store

struct MigrateDryRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run", abstract: "Apply what is pending in one transaction and roll it back.",
        discussion: """
            Shows whether the migrations would succeed on this very database. It takes the locks that they take.

            EXAMPLES
              martlet migrate dry-run
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let applied = try await shared.withDatabase(.migrator, checksSchema: false, deadline: migrationDeadline) { database in
            try await refuseUnknown(database)
            return try await Migrator(database).up(dryRun: true)
        }
        showApplied(applied, dryRun: true, asJSON: shared.json)
    }
}
