import ArgumentParser
import Campaigns
import Domain
import Operations
import Store
import Text

struct CampaignsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Campaigns, and their runs, newest first.",
        discussion: """
            EXAMPLES
              martlet campaigns
              martlet campaigns list spring-sale --json
            """)
    @Argument(help: "Only this campaign.") var campaign: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ShowCampaigns(campaign: campaign))
        if shared.json { return Terminal.out.json(output.json) }
        let (campaigns, runs) = (output.campaigns, output.runs)
        var table = Table("campaign", "#version", "applied", "by", "#runs")
        for stored in campaigns {
            table.add("\(stored.name)", "\(stored.version)", "\(stored.appliedAt.shown)", "\(stored.appliedBy)", "\(stored.runs)")
        }
        if !campaigns.isEmpty { Terminal.out.table(table) }
        var list = Table("#run", "campaign", "audience", "#members", "#waiting", "next", "state")
        for run in runs {
            list.add(
                "\(run.id)", "\(run.campaign) v\(run.version)", "\(run.audience)", "\(run.members)", "\(run.waiting)",
                "\(run.nextRelease?.shown ?? "")",
                run.pausedFor.isEmpty
                    ? Table.Cell(run.state)
                    : Table.Cell("\(run.state) (\(run.pausedFor.joined(separator: ", "))): \(run.pauseReason ?? "")", .yellow))
        }
        if !runs.isEmpty { Terminal.out.table(list) }
        if campaigns.isEmpty && runs.isEmpty { Terminal.out.line("no campaign has been applied: martlet campaigns apply") }
    }
}

struct CampaignsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The file of a campaign as it is in force.",
        discussion: """
            EXAMPLES
              martlet campaigns show spring-sale
            """)
    @Argument(help: "The campaign.") var campaign: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let stored = try await shared.run(ShowCampaign(campaign: campaign))
        if shared.json { return Terminal.out.json(stored.json) }
        Terminal.out.line(
            "# \(stored.name) version \(stored.version), applied \(stored.appliedAt.shown) by \(stored.appliedBy)", .dim)
        Terminal.out.line(Printable.text(stored.definition))
    }
}

struct CampaignsReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "What became of the members of a run, by variant, state and reason.",
        discussion: """
            The figures add up to the members. They are counted from members and receipts when they are asked for.

            EXAMPLES
              martlet campaigns report 7
              martlet campaigns report 7 --json
            """)
    @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int32
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ReportRun(run: number))
        if shared.json { return Terminal.out.json(output.json) }
        let (found, report) = (output.run, output.report)
        Terminal.out.line(
            "run \(found.id) of \(found.campaign) version \(found.version): \(found.state), \(found.members) members")
        var table = Table("variant", "state", "reason", "#members", "#goals")
        for count in report.counts {
            table.add("\(count.variant)", "\(count.state)", "\(count.reason ?? "")", "\(count.members)", "\(count.goals)")
        }
        Terminal.out.table(table)
        guard report.goals > 0 else { return }
        var variants = Table("variant", "#members", "#goals", "#goal rate", "95 % interval")
        for variant in report.variants {
            variants.add(
                "\(variant.name)", "\(variant.members)", "\(variant.goals)", "\(variant.goalRate.percent)",
                "\(variant.goalRate.interval)")
        }
        Terminal.out.table(variants)
    }
}

struct Why: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why a person got, did not get, or will get the message of each run.",
        discussion: """
            EXAMPLES
              martlet why +8613800138000
              martlet why c-4711 --json
            """)
    @Argument(help: "The recipient key: a customer's number, or the address where there is none.") var recipient: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let lines = try await shared.run(ExplainRecipient(recipient: recipient))
        if shared.json { return Terminal.out.json(lines.json) }
        var table = Table("#run", "campaign", "variant", "state", "reason", "message", "released", "the run is")
        for line in lines {
            table.add(
                "\(line.run)", "\(line.campaign)", "\(line.variant)", "\(line.state)", "\(line.reason ?? "")",
                "\(line.messageID.map(\.description) ?? "")", "\(line.releaseAt.map { "from \($0.shown)" } ?? "")",
                "\(line.runState)")
        }
        Terminal.out.table(table)
    }
}
