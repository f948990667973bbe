import ArgumentParser
import Store

struct MigrateGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to the schema this binary knows, or compare them.",
        subcommands: [MigrateUp.self, MigrateStatus.self, MigrateValidate.self, MigrateDryRun.self, MigrateRepair.self])
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
            "pending_objects": .list(pendingObjects) { .string($0) }, "newer_objects": .list(newerObjects) { .string($0) },
        ]
    }
}

/// Migrations may build indexes: longer than any call of the other commands.
let migrationDeadline = Duration.seconds(600)

func showApplied(_ result: MigrationResult, dryRun: Bool, asJSON: Bool) {
    if asJSON {
        return Terminal.out.json([
            "dry_run": .bool(dryRun), "applied": .list(result.migrations) { .string($0) },
            "objects": .list(result.objects) { .string($0) },
        ])
    }
    let verb = dryRun ? "would apply" : "applied"
    for name in result.migrations { Terminal.out.line("\(verb) \(name)") }
    if let first = result.objects.first {
        let which = result.objects.count == 1 ? first : "\(result.objects.count) functions and views"
        Terminal.out.line("\(dryRun ? "would make" : "made") \(which)")
    }
    if result.isEmpty { Terminal.out.line("nothing to do: the schema is up to date") }
}
