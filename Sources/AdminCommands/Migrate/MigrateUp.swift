import ArgumentParser
import Store

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
        let applied = try await shared.withDatabase(.migrator, checksSchema: false, deadline: migrationDeadline) { database in
            try await refuseUnknown(database)
            return try await Migrator(database).up()
        }
        showApplied(applied, dryRun: false, asJSON: shared.json)
    }
}

/// A database that is newer than this binary, or was migrated with other texts, is left alone.
func refuseUnknown(_ database: Database) async throws {
    let status = try await Migrator(database).status()
    let isForeign = status.entries.contains { $0.state == .changed || $0.state == .unknown }
    if isForeign, let misfit = status.misfit { throw AdminError(.schemaMismatch, misfit) }
}
