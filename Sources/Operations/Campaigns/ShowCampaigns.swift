import Campaigns
import Domain
import Store
import Text

/// The campaigns that are stored, for admins, and the runs, newest first.
public struct ShowCampaigns: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        /// Empty for a reader: what operators wrote is for admins.
        public var campaigns: [LoadCampaigns.Stored]
        public var runs: [ListRuns.Run]
        public var json: JSONValue {
            [
                "campaigns": .list(campaigns) {
                    [
                        "campaign": .string($0.name), "version": .int($0.version), "applied_at": .time($0.appliedAt),
                        "applied_by": .string($0.appliedBy), "runs": .int($0.runs),
                    ]
                }, "runs": .list(runs, \.json),
            ]
        }
    }

    /// nil: all.
    public var campaign: String?
    public init(campaign: String?) { self.campaign = campaign }

    public func perform(in context: OperationContext) async throws -> Output {
        let campaigns = context.actor.isAdmin ? try await context.run(LoadCampaigns(name: campaign)) : []
        return Output(campaigns: campaigns, runs: try await context.run(ListRuns(campaign: campaign)))
    }
}

/// The file of a campaign as it is in force.
public struct ShowCampaign: UseCase {
    public static let role = Role.admin
    public var campaign: String
    public init(campaign: String) { self.campaign = campaign }

    public func perform(in context: OperationContext) async throws -> LoadCampaigns.Stored {
        try await context.campaign(campaign)
    }
}

extension LoadCampaigns.Stored: JSONConvertible {
    public var json: JSONValue {
        [
            "campaign": .string(name), "version": .int(version), "definition": .string(definition),
            "applied_at": .time(appliedAt), "applied_by": .string(appliedBy), "runs": .int(runs),
        ]
    }
}

extension ListRuns.Run: JSONConvertible {
    public var json: JSONValue {
        [
            "run": .int(id), "campaign": .string(campaign), "version": .int(version), "audience": .string(audience),
            "members": .int(members), "state": .string(state), "paused_for": .list(pausedFor) { .string($0) },
            "pause_reason": .text(pauseReason), "waiting": .int(waiting), "next_release_at": .time(nextRelease),
            "last_release_at": .time(lastRelease), "created_at": .time(createdAt), "created_by": .string(createdBy),
        ]
    }
}

/// What became of the members of a run, by variant, state and reason. Counted from members and receipts when it is asked for.
public struct ReportRun: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var run: ListRuns.Run
        public var report: CampaignReport
        public var json: JSONValue {
            [
                "run": run.json, "adds_up": .bool(report.addsUp), "sent": .int(report.sent), "goals": .int(report.goals),
                "members": .list(report.counts) {
                    [
                        "variant": .string($0.variant), "state": .string($0.state), "reason": .text($0.reason),
                        "members": .int($0.members), "goals": .int($0.goals),
                    ]
                },
                "variants": .list(report.variants) {
                    [
                        "variant": .string($0.name), "members": .int($0.members), "sent": .int($0.sent), "goals": .int($0.goals),
                        "goal_rate": .double($0.goalRate.rate), "low": .double($0.goalRate.low),
                        "high": .double($0.goalRate.high),
                    ]
                },
            ]
        }
    }

    public var number: Int32
    public init(run number: Int32) { self.number = number }

    public func perform(in context: OperationContext) async throws -> Output {
        guard let run = try await context.run(ListRuns(run: number)).first else { throw CampaignError.unknownRun(number) }
        let counts = try await context.run(RunReport(run: number))
        return Output(run: run, report: CampaignReport(counts, members: run.members))
    }
}

/// Why a person got, did not get, or will get the message of each run.
public struct ExplainRecipient: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)
    /// The recipient key, or an address as people type it.
    public var recipient: String
    public init(recipient: String) { self.recipient = recipient }

    /// - Throws: `notFound` when no run has such a member.
    public func perform(in context: OperationContext) async throws -> [WhyRecipient.Line] {
        let lines = try await context.run(WhyRecipient(person: typedAddress(recipient)))
        guard !lines.isEmpty else {
            throw OperationError(
                .notFound, "No run has a member \(recipient).", hint: "martlet message find --recipient finds other messages.")
        }
        return lines
    }
}

extension WhyRecipient.Line: JSONConvertible {
    public var json: JSONValue {
        [
            "run": .int(run), "campaign": .string(campaign), "variant": .string(variant), "state": .string(state),
            "reason": .text(reason), "message_id": messageID.map { .id($0) } ?? .null, "release_at": .time(releaseAt),
            "run_state": .string(runState), "goal_at": .time(goalAt),
        ]
    }
}

extension OperationContext {
    func campaign(_ name: String) async throws -> LoadCampaigns.Stored {
        guard let stored = try await run(LoadCampaigns(name: name)).first else { throw CampaignError.unknownCampaign(name) }
        return stored
    }
}

extension OperationError {
    init(_ error: CampaignError) {
        let kind: Kind =
            switch error {
            case .unknownCampaign, .unknownRun: .notFound
            case .startIsPast, .tooLate: .refused
            }
        self.init(kind, "\(error).", hint: error.remedy)
    }
}
