import ArgumentParser
import Domain
import Operations
import Settings
import Text

struct JourneysValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the journeys' files without a database; says file, line and field.",
        discussion: """
            Reads DIR/journeys/*.yaml, and DIR/policy and DIR/templates for what they refer to. Exits with 65 when something is wrong.

            EXAMPLES
              martlet journeys validate --config Config
            """)
    @Option(
        name: .long, help: ArgumentHelp("Directory with journeys/, policy/ and templates/.", valueName: "dir"),
        completion: .directory)
    var config = String.defaultConfigDirectory
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let files = try JourneyDirectory(root: config).load()
        if shared.json {
            return Terminal.out.json(["valid": .bool(true), "journeys": .list(files) { .string($0.journey.name) }])
        }
        Terminal.out.line("\(config)/journeys is valid: \(files.count) journeys", .green)
    }
}

struct JourneysApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Check the files and store each that has changed as the newest version of its journey.",
        discussion: """
            New people enter the newest version. People who are in keep theirs; with --migrate they are moved: they stay at their step, and from a step that
            the file does not have any more they go where `removed` in the file says. --dry-run counts them.

            EXAMPLES
              martlet journeys apply --config Config --dry-run
              martlet journeys apply --config Config --migrate
            """)
    @Option(
        name: .long, help: ArgumentHelp("Directory with journeys/, policy/ and templates/.", valueName: "dir"),
        completion: .directory)
    var config = String.defaultConfigDirectory
    @Flag(name: .long, help: "Move people who are in an earlier version.")
    var migrate = false
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let files = try JourneyDirectory(root: config).load()
        let output = try await shared.run(ApplyJourneys(files: files, migrates: migrate, dryRun: dryRun))
        shared.show(output) {
            for changed in output.changed {
                Terminal.out.line(
                    "\(changed.journey): version \(changed.version)"
                        + (changed.moved > 0 ? ", \(changed.moved) people moved" : ""))
                var table = Table("#version", "step", "#people", "with --migrate")
                for place in changed.places {
                    table.add("\(place.version)", "\(place.step)", "\(place.people)", "\(place.change)")
                }
                if !changed.places.isEmpty { Terminal.out.table(table) }
            }
            if output.changed.isEmpty {
                Terminal.out.line("unchanged: \(files.count) journeys are stored as they are in \(config)")
            }
            if dryRun { Terminal.out.line("dry run: nothing was stored") }
        }
    }
}
