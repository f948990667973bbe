import ArgumentParser
import Domain
import Operations
import Settings
import Text

struct CampaignsValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the campaigns' files without a database; says file, line and field.",
        discussion: """
            Reads DIR/campaigns/*.yaml, and DIR/policy and DIR/templates for what they refer to. Exits with 65 when something is wrong.

            EXAMPLES
              martlet campaigns validate --config Config
            """)
    @Option(
        name: .long, help: ArgumentHelp("Directory with campaigns/, policy/ and templates/.", valueName: "dir"),
        completion: .directory)
    var config = String.defaultConfigDirectory
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let files = try CampaignDirectory(root: config).load()
        if shared.json {
            return Terminal.out.json(["valid": .bool(true), "campaigns": .list(files) { .string($0.campaign.name) }])
        }
        Terminal.out.line("\(config)/campaigns is valid: \(files.count) campaigns", .green)
    }
}

struct CampaignsApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Check the files and store each that has changed as the newest version of its campaign.",
        discussion: """
            Runs that have been started keep the version they were started with.

            EXAMPLES
              martlet campaigns apply --config Config
              martlet campaigns apply --config Config --dry-run
            """)
    @Option(
        name: .long, help: ArgumentHelp("Directory with campaigns/, policy/ and templates/.", valueName: "dir"),
        completion: .directory)
    var config = String.defaultConfigDirectory
    @Flag(name: .long, help: "Show what would change and store nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let files = try CampaignDirectory(root: config).load()
        let output = try await shared.run(ApplyCampaigns(files: files, dryRun: dryRun))
        shared.show(output) {
            for changed in output.changed { Terminal.out.line("\(changed.campaign): version \(changed.version)") }
            if output.changed.isEmpty {
                Terminal.out.line("unchanged: \(files.count) campaigns are stored as they are in \(config)")
            }
            if dryRun { Terminal.out.line("dry run: nothing was stored") }
        }
    }
}
