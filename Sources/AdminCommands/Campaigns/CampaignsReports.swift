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
        let (campaigns, runs) = try await shared.withCampaigns(.reader) { [campaign] database in
            let rights = try await database.run(CurrentRights())
            // What operators wrote is for admins.
            let campaigns = rights.isAdmin ? try await database.run(LoadCampaigns(name: campaign)) : []
            return (campaigns, try await database.run(ListRuns(campaign: campaign)))
        }
        if shared.json {
            return Terminal.out.json([
                "campaigns": .list(campaigns) {
                    [
                        "campaign": .string($0.name), "version": .int(Int64($0.version)), "applied_at": .time($0.appliedAt),
                        "applied_by": .string($0.appliedBy), "runs": .int($0.runs),
                    ]
                }, "runs": .list(runs, \.json),
            ])
        }
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
        let stored = try await shared.withCampaigns(.admin) { [campaign] database in
            guard let stored = try await database.run(LoadCampaigns(name: campaign)).first else {
                throw CampaignError.unknownCampaign(campaign)
            }
            return stored
        }
        if shared.json {
            return Terminal.out.json([
                "campaign": .string(stored.name), "version": .int(Int64(stored.version)),
                "definition": .string(stored.definition),
                "applied_at": .time(stored.appliedAt), "applied_by": .string(stored.appliedBy), "runs": .int(stored.runs),
            ])
        }
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
        let (found, report) = try await shared.withCampaigns(.reader) { [number] database in
            guard let found = try await database.run(ListRuns(run: number)).first else { throw CampaignError.unknownRun(number) }
            return (found, CampaignReport(try await database.run(RunReport(run: number)), members: found.members))
        }
        if shared.json {
            return Terminal.out.json([
                "run": found.json, "adds_up": .bool(report.addsUp), "sent": .int(report.sent), "goals": .int(report.goals),
                "members": .list(report.counts) {
                    [
                        "variant": .string($0.variant), "state": .string($0.state), "reason": .text($0.reason),
                        "members": .int($0.members),
                        "goals": .int($0.goals),
                    ]
                },
                "variants": .list(report.variants) {
                    [
                        "variant": .string($0.name), "members": .int($0.members), "sent": .int($0.sent), "goals": .int($0.goals),
                        "goal_rate": .double($0.goalRate.rate), "low": .double($0.goalRate.low),
                        "high": .double($0.goalRate.high),
                    ]
                },
            ])
        }
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

extension ListRuns.Run {
    var json: JSONValue {
        [
            "run": .int(Int64(id)), "campaign": .string(campaign), "version": .int(Int64(version)), "audience": .string(audience),
            "members": .int(members), "state": .string(state), "paused_for": .list(pausedFor) { .string($0) },
            "pause_reason": .text(pauseReason), "waiting": .int(waiting), "next_release_at": .time(nextRelease),
            "last_release_at": .time(lastRelease), "created_at": .time(createdAt), "created_by": .string(createdBy),
        ]
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
        let lines = try await shared.withCampaigns(.admin) { [recipient] in
            try await $0.run(WhyRecipient(person: typedAddress(recipient)))
        }
        guard !lines.isEmpty else {
            throw OperationError(
                .notFound, "No run has a member \(recipient).", hint: "martlet message find --recipient finds other messages.")
        }
        if shared.json {
            return Terminal.out.json(
                .list(lines) {
                    [
                        "run": .int(Int64($0.run)), "campaign": .string($0.campaign), "variant": .string($0.variant),
                        "state": .string($0.state),
                        "reason": .text($0.reason), "message_id": $0.messageID.map { .id($0) } ?? .null,
                        "release_at": .time($0.releaseAt),
                        "run_state": .string($0.runState), "goal_at": .time($0.goalAt),
                    ]
                })
        }
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
