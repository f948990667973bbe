import Domain
import Settings
import Store

/// What cannot be done with a campaign or a run, with the remedy. What the database refuses is a `StoreError` with its own words.
public enum CampaignError: Error, Sendable, CustomStringConvertible {
    case unknownCampaign(String)
    case unknownRun(Int32)
    case startIsPast(Campaign.LocalTime, zone: String)
    case tooLate(skipped: Int64)

    public var description: String {
        switch self {
        case .unknownCampaign(let name): "there is no campaign \(name)"
        case .unknownRun(let run): "there is no run \(run)"
        case .startIsPast(let time, let zone): "start: \(time.text) in \(zone) is past"
        case .tooLate(let skipped): "the window is missed by all \(skipped) members, and the campaign says skip"
        }
    }

    public var remedy: String {
        switch self {
        case .unknownCampaign: "Apply its file: martlet campaigns apply; martlet campaigns list shows those that there are."
        case .unknownRun: "martlet campaigns list shows the runs."
        case .startIsPast: "Correct start in its file and apply it, or start it --now."
        case .tooLate: "Start it earlier in the day, widen the window, or write missed: tomorrow."
        }
    }
}

/// Starts a run of a campaign: freezes its audience, plans its chunks and, unless it is a preview, lets it go. One transaction: after a crash there is no run.
public struct StartRun: Sendable {
    public var campaign: String
    /// Whatever `start` in the file says.
    public var now: Bool
    /// Everything is done as in earnest, and then rolled back.
    public var isPreview: Bool

    public init(campaign: String, now: Bool = false, isPreview: Bool = false) {
        self.campaign = campaign
        self.now = now
        self.isPreview = isPreview
    }

    public struct Zone: Sendable, Equatable {
        public var timeZone: String
        public var members: Int64
    }
    public struct Output: Sendable {
        public var run: Int32
        public var campaign: Campaign
        public var version: Int32
        public var members: Int64
        public var startsAt: Timestamp
        public var endsAt: Timestamp?
        /// Members whose window was missed, where the campaign says `skip`.
        public var missed: Int64
        /// Members who are released a day or more after the start.
        public var held: Int64
        public var needsApproval: Bool
        public var zones: [Zone]
        public var forecast: RunForecast.Answer
    }

    /// How far ahead zones' clocks are looked at. A pace that takes longer ends with the last offset that was seen.
    static let horizon = Duration.seconds(400 * 86_400)

    public func run(on database: Database) async throws -> Output {
        guard let stored = try await database.run(LoadCampaigns(name: campaign)).first else {
            throw CampaignError.unknownCampaign(campaign)
        }
        let parsed = try CampaignFiles.parse(stored.definition, name: stored.name, known: nil)
        let times = try await database.run(StartTime(local: now ? nil : parsed.start?.text, zone: parsed.timeZone))
        if let start = parsed.start, !now, times.start < times.now {
            throw CampaignError.startIsPast(start, zone: parsed.timeZone)
        }
        let members = try await database.run(ListAudiences(name: parsed.audience)).first?.members ?? 0
        let needsApproval = parsed.fourEyes.map { members > Int64($0) } ?? false
        return try await database.withConnection { connection in
            try await connection.begin()
            do {
                let output = try await freeze(parsed, stored, from: times.start, needsApproval: needsApproval, on: connection)
                if isPreview {
                    await connection.rollbackAfterError()
                } else {
                    try await connection.commit()
                }
                return output
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    private func freeze(
        _ campaign: Campaign, _ stored: LoadCampaigns.Stored, from start: Timestamp, needsApproval: Bool,
        on connection: StoreConnection
    ) async throws -> Output {
        let frozen = try await connection.run(
            FreezeRun(campaign, version: stored.version, definition: stored.definition, needsApproval: needsApproval),
            within: .seconds(3600))
        guard let run = frozen.first?.run else { throw CampaignError.unknownCampaign(campaign.name) }
        let clocks = try await ZoneClock.load(Set(frozen.map(\.timeZone)), from: start, on: connection)
        let plan = RunPlan(
            frozen.map { .init(zone: $0.zone, timeZone: $0.timeZone, firstPlace: $0.firstPlace, members: $0.members) },
            from: start,
            rules: .init(window: campaign.window, missed: campaign.missed, pace: campaign.pace, clocks: clocks))
        guard plan.ends != nil else { throw CampaignError.tooLate(skipped: plan.skipped) }
        _ = try await connection.run(PlanRun(run: run, chunks: plan.chunks.map(\.stored)), within: .seconds(600))
        let forecast = try await connection.run(RunForecast(run: run), within: .seconds(3600))
        if !isPreview {
            _ = try await connection.run(InsertAudit(action: "start_run", object: "\(run)", why: nil, detail: nil))
        }
        return Output(
            run: run, campaign: campaign, version: stored.version, members: frozen.reduce(0) { $0 + $1.members }, startsAt: start,
            endsAt: plan.ends, missed: plan.skipped, held: plan.held(after: start), needsApproval: needsApproval,
            zones: frozen.map { Zone(timeZone: $0.timeZone, members: $0.members) }, forecast: forecast)
    }
}

/// Lets a paused run go on, and plans anew what is late.
public struct ResumePausedRun: Sendable {
    public var run: Int32
    public var why: String
    public var mode: RunPlan.Resumption
    /// Everything is done as in earnest, and then rolled back.
    public var isPreview: Bool

    public init(run: Int32, why: String, mode: RunPlan.Resumption, isPreview: Bool = false) {
        self.run = run
        self.why = why
        self.mode = mode
        self.isPreview = isPreview
    }

    public struct Output: Sendable {
        public var pausedAt: Timestamp
        /// Members who are still to be released.
        public var waiting: Int64
        /// Members who are given up.
        public var skipped: Int64
        public var endsAt: Timestamp?
    }

    public func run(on database: Database) async throws -> Output {
        try await database.withConnection { connection in
            try await connection.begin()
            do {
                guard let rules = try await connection.run(RunRules(run: run)) else { throw CampaignError.unknownRun(run) }
                let pausedAt = try await connection.run(ResumeRun(run: run, why: why))
                let waiting = try await connection.run(WaitingChunks(run: run))
                let zones = try await connection.run(RunZones(run: run))
                let now = try await connection.run(StartTime(local: nil, zone: "UTC")).now
                let clocks = try await ZoneClock.load(Set(zones.values), from: now, on: connection)
                let plan = RunPlan(
                    resuming: waiting.map(RunPlan.Chunk.init), zones: zones, pausedAt: pausedAt, now: now, mode: mode,
                    rules: .init(window: rules.window, missed: rules.missed, pace: rules.pace, clocks: clocks))
                if !plan.chunks.isEmpty {
                    _ = try await connection.run(PlanRun(run: run, chunks: plan.chunks.map(\.stored)), within: .seconds(600))
                }
                if isPreview {
                    await connection.rollbackAfterError()
                } else {
                    try await connection.commit()
                }
                return Output(
                    pausedAt: pausedAt, waiting: plan.chunks.reduce(0) { $0 + ($1.isSkipped ? 0 : $1.members) },
                    skipped: plan.skipped,
                    endsAt: plan.ends)
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }
}

extension ZoneClock {
    /// The clocks of these zones from an instant on, as the database knows them.
    static func load(_ zones: Set<String>, from start: Timestamp, on connection: StoreConnection) async throws -> [String:
        ZoneClock]
    {
        let offsets = try await connection.run(
            ZoneOffsets(zones: zones.sorted(), from: start - .seconds(2 * 86_400), length: StartRun.horizon),
            within: .seconds(120))
        return Dictionary(grouping: offsets, by: \.zone).mapValues { ZoneClock($0.map { Change(at: $0.at, offset: $0.seconds) }) }
    }
}

extension RunPlan.Chunk {
    init(_ stored: PlannedChunk) {
        self.init(
            zone: stored.zone, firstPlace: stored.firstPlace, lastPlace: stored.lastPlace, dueAt: stored.dueAt,
            isSkipped: stored.isSkipped)
    }
    var stored: PlannedChunk {
        PlannedChunk(zone: zone, firstPlace: firstPlace, lastPlace: lastPlace, dueAt: dueAt, isSkipped: isSkipped)
    }
}
