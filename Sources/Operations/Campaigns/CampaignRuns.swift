import Campaigns
import Domain
import Settings
import Store
import Text

/// Starts a run of a campaign: freezes its audience and plans its chunks in one transaction; PostgreSQL writes the audit. A preview does the same and
/// takes it back. Over `four_eyes` members the run waits until another admin approves it.
public struct StartCampaign: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)
    public var campaign: String
    /// Whatever `start` in the file says.
    public var now: Bool
    public var isPreview: Bool
    public init(campaign: String, now: Bool, isPreview: Bool) {
        self.campaign = campaign
        self.now = now
        self.isPreview = isPreview
    }

    public func perform(in context: OperationContext) async throws -> StartRun.Output {
        try await StartRun(campaign: campaign, now: now, isPreview: isPreview).run(on: context.database)
    }
}

extension StartRun.Output: JSONConvertible {
    public var json: JSONValue {
        [
            "run": .int(run), "campaign": .string(campaign.name), "version": .int(version), "members": .int(members),
            "to_be_sent": .int(forecast.addressed), "no_address": .int(forecast.withoutAddress),
            "opted_out": .int(forecast.suppressed), "held_out": .int(forecast.heldOut),
            "without_zone": .int(forecast.withoutZone),
            "free_codes": forecast.codes.map { .int($0) } ?? .null, "missed": .int(missed), "held": .int(held),
            "starts_at": .time(startsAt), "last_release_at": .time(endsAt), "needs_approval": .bool(needsApproval),
            "zones": .list(zones) { ["time_zone": .string($0.timeZone), "members": .int($0.members)] },
        ]
    }
}

/// Sends each variant of a campaign to one address, as an ordinary message; no run is made.
public struct SendCampaignTest: UseCase {
    public static let role = Role.admin

    public struct Sent: Sendable, JSONConvertible {
        public var variant: String
        public var message: MessageID
        public var json: JSONValue { ["variant": .string(variant), "message_id": .id(message)] }
    }

    public var campaign: String
    public var to: String
    public var locale: String?
    /// A JSON object, beside the campaign's own variables.
    public var variables: String
    public init(campaign: String, to: String, locale: String?, variables: String) {
        self.campaign = campaign
        self.to = to
        self.locale = locale
        self.variables = variables
    }

    public func perform(in context: OperationContext) async throws -> [Sent] {
        let stored = try await context.campaign(campaign)
        let campaign = try CampaignFiles.parse(stored.definition, name: stored.name, known: nil)
        var sent: [Sent] = []
        for variant in campaign.variants {
            guard let template = variant.template else { continue }
            let message = try await context.run(
                TestCampaign(campaign, template: template, to: typedAddress(to), locale: locale, variables: variables))
            sent.append(Sent(variant: variant.name, message: message))
        }
        return sent
    }
}

/// Lets a run go that another admin started and that is larger than `four_eyes`; PostgreSQL writes the audit.
public struct ApproveCampaignRun: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var run: Int32
        var approvedAt: Timestamp
        public var json: JSONValue { ["run": .int(run), "approved_at": .time(approvedAt)] }
    }

    public var number: Int32
    public var why: String?
    public init(run number: Int32, why: String?) {
        self.number = number
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        Output(run: number, approvedAt: try await context.run(ApproveRun(run: number, why: why)))
    }
}

/// Holds a run: from the answered instant on none of its messages is admitted; PostgreSQL writes the audit.
public struct PauseCampaignRun: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var run: Int32
        public var pausedAt: Timestamp
        /// Messages that were admitted before.
        public var inFlight: Int64
        /// The first of them.
        public var messages: [MessageID]
        public var json: JSONValue {
            [
                "run": .int(run), "paused_at": .time(pausedAt), "in_flight": .int(inFlight),
                "messages": .list(messages) { .id($0) },
            ]
        }
    }

    public var number: Int32
    public var why: String
    public init(run number: Int32, why: String) {
        self.number = number
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let answer = try await context.run(PauseRun(run: number, why: why))
        return Output(run: number, pausedAt: answer.pausedAt, inFlight: Int64(answer.inFlight), messages: answer.messages)
    }
}

/// Lets a paused run go on, or says what would come of it; PostgreSQL writes the audit.
public struct ResumeCampaignRun: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)

    public struct Output: Sendable, JSONConvertible {
        public var run: Int32
        public var isDryRun: Bool
        public var resumed: ResumePausedRun.Output
        public var json: JSONValue {
            [
                "run": .int(run), "dry_run": .bool(isDryRun), "paused_at": .time(resumed.pausedAt),
                "waiting": .int(resumed.waiting), "skipped": .int(resumed.skipped), "last_release_at": .time(resumed.endsAt),
            ]
        }
    }

    public var number: Int32
    public var why: String
    /// What becomes of members who should have been released meanwhile.
    public var late: RunPlan.Resumption
    public var dryRun: Bool
    public init(run number: Int32, why: String, late: RunPlan.Resumption, dryRun: Bool) {
        self.number = number
        self.why = why
        self.late = late
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let resumption = ResumePausedRun(run: number, why: why, mode: late, isPreview: dryRun)
        return Output(run: number, isDryRun: dryRun, resumed: try await resumption.run(on: context.database))
    }
}

/// Ends a run for good: nothing more is released, what is enqueued is cancelled; PostgreSQL writes the audit.
public struct StopCampaignRun: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(3600)

    public struct Output: Sendable, JSONConvertible {
        public var run: Int32
        public var stoppedAt: Timestamp
        /// Members who had not been released.
        public var waiting: Int64
        public var json: JSONValue { ["run": .int(run), "stopped_at": .time(stoppedAt), "not_released": .int(waiting)] }
    }

    public var number: Int32
    public var why: String
    public init(run number: Int32, why: String) {
        self.number = number
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let answer = try await context.run(StopRun(run: number, why: why))
        return Output(run: number, stoppedAt: answer.stoppedAt, waiting: Int64(answer.waiting))
    }
}
