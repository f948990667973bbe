import ArgumentParser
import Store

struct MigrateGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to the schema this binary knows, or compare them.",
        subcommands: [MigrateUp.self, MigrateStatus.self, MigrateValidate.self, MigrateDryRun.self])
}

extension MigrationStatus {
    var json: JSONValue {
        [
            "fits": .bool(misfit == nil), "misfit": .text(misfit),
            "migrations": .list(entries) { entry in
                [
                    "version": .int(entry.version), "name": .string(entry.name), "state": .string(entry.state.rawValue),
                    "applied_at": .text(entry.appliedAt),
                ]
            },
        ]
    }
}

/// Migrations may build indexes: longer than any call of the other commands.
let migrationDeadline = Duration.seconds(600)

func showApplied(_ names: [String], dryRun: Bool, asJSON: Bool) {
    if asJSON {
        return Terminal.out.json(["dry_run": .bool(dryRun), "applied": .list(names) { .string($0) }])
    }
    let verb = dryRun ? "would apply" : "applied"
    for name in names { Terminal.out.line("\(verb) \(name)") }
    if names.isEmpty { Terminal.out.line("nothing to do: the schema is up to date") }
}
