import ArgumentParser
import Domain
import Operations
import Settings
import Store
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
        let campaigns = try CampaignDirectory(root: config).load()
        if shared.json {
            return Terminal.out.json(["valid": .bool(true), "campaigns": .list(campaigns) { .string($0.campaign.name) }])
        }
        Terminal.out.line("\(config)/campaigns is valid: \(campaigns.count) campaigns", .green)
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
        let campaigns = try CampaignDirectory(root: config).load()
        let changed = try await shared.withCampaigns(.admin) { [dryRun] database in
            try await database.withConnection { connection in
                try await connection.begin()
                do {
                    var changed: [(name: String, version: Int32)] = []
                    for (campaign, text) in campaigns {
                        let answer = try await connection.run(ApplyCampaign(name: campaign.name, definition: text))
                        guard answer.isNew else { continue }
                        changed.append((campaign.name, answer.version))
                        _ = try await connection.run(
                            InsertAudit(
                                action: "apply_campaign", object: "\(campaign.name) v\(answer.version)", why: nil, detail: nil))
                    }
                    if dryRun { await connection.rollbackAfterError() } else { try await connection.commit() }
                    return changed
                } catch {
                    await connection.rollbackAfterError()
                    throw error
                }
            }
        }
        if shared.json {
            return Terminal.out.json([
                "dry_run": .bool(dryRun),
                "changed": .list(changed) { ["campaign": .string($0.name), "version": .int(Int64($0.version))] },
            ])
        }
        for (name, version) in changed { Terminal.out.line("\(name): version \(version)") }
        if changed.isEmpty { Terminal.out.line("unchanged: \(campaigns.count) campaigns are stored as they are in \(config)") }
        if dryRun { Terminal.out.line("dry run: nothing was stored") }
    }
}
