import ArgumentParser
import Operations
import Store

struct MigrateGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database to the schema this binary knows, or compare them.",
        subcommands: [MigrateUp.self, MigrateStatus.self, MigrateValidate.self, MigrateDryRun.self, MigrateRepair.self])
}

func showApplied(_ output: MigrateSchema.Output) {
    let result = output.applied
    let verb = output.isDryRun ? "would apply" : "applied"
    for name in result.migrations { Terminal.out.line("\(verb) \(name)") }
    if let first = result.objects.first {
        let which = result.objects.count == 1 ? first : "\(result.objects.count) functions and views"
        Terminal.out.line("\(output.isDryRun ? "would make" : "made") \(which)")
    }
    if result.isEmpty { Terminal.out.line("nothing to do: the schema is up to date") }
}
