import Domain
import Logging
import Store
import Synchronization
import Telemetry

/// What goes with age, every ten minutes, and the days' partitions each hour: everything by itself, so that what cannot go keeps nothing else.
///
/// How long things are kept is written down in `README.md`.
final class Retention: Sendable {
    /// Messages, attempts and receipts; whatever is about a message that is gone.
    static let day = Duration.seconds(86_400)
    static let messages = day * 35
    static let idempotencyKeys = day * 30
    /// What providers said about messages that never were found.
    static let unmatched = day * 7
    /// Sessions that are over, for `martlet workers --all` and the attempts that name them.
    static let sessions = day * 35
    /// Who was a member of which run.
    static let members = day * 400
    /// A dead letter that no admin has requeued or discarded by then is discarded.
    static let deadLetters = day * 90
    /// Rows of cap usage that one round looks at.
    private static let people = 100_000

    private struct State {
        var lookedAtDays: ContinuousClock.Instant?
        var lookedAtZones = ContinuousClock.now
        /// Why days stay, as last logged.
        var held: [String: String] = [:]
        /// Where the walk over the people goes on.
        var after = ""
    }
    private let database: Database
    private let troubles: Troubles
    private let meters: Meters
    private let logger: Logger
    private let state = Mutex(State())

    init(database: Database, troubles: Troubles, meters: Meters, logger: Logger) {
        self.database = database
        self.troubles = troubles
        self.meters = meters
        self.logger = logger
    }

    private struct Step: Sendable {
        var name: String
        var run: @Sendable () async throws -> Void
        init(_ name: String, _ run: @escaping @Sendable () async throws -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// One round. Answers false: the next one is in time.
    func round() async throws -> Bool {
        try await troubles.each("retention", steps.map { ($0.name, $0) }) { try await $0.run() }
        return false
    }

    private var steps: [Step] {
        let database = database
        func purge<S: Statement>(_ name: String, _ statement: S) -> Step where S.Answer == Int64 {
            Step(name) { while try await database.run(statement) >= 10_000 {} }
        }
        return [
            Step("partitions ahead") { _ = try await database.run(CreatePartitions()) },
            Step("time zones") { [self] in try await refreshTimeZones() },
            Step("old days") { [self] in try await hourly() },
            purge("idempotency keys", PurgeIdempotencyKeys(keep: Self.idempotencyKeys)),
            purge("parked events", PurgeParkedEvents(keep: ParkEvents.tried + Self.unmatched)),
            purge("follow-ups", PurgeFollowUps(keep: Self.messages + Self.day)),
            purge("budget usage", PurgeBudgetUsage(keep: Self.day * 2)),
            purge("inbound texts", PurgeInboundTexts(keep: Self.messages)),
            purge("surveys", PurgeSurveys(keep: Self.day * 7)),
            purge("cancellations", PurgeCancellations(keep: Self.messages)),
            purge("group cancellations", PurgeGroupCancellations(keep: Self.messages)),
            purge("requeues", PurgeRequeues(keep: Self.messages)),
            purge("messages of jobs", PurgeJobMessages(keep: Self.messages)), purge("jobs", PurgeJobs(keep: Self.messages)),
            purge("sessions", PurgeSessions(keep: Self.sessions)),
            purge("dead letters", PurgeDeadLetters(keep: Self.deadLetters)),
            Step("members of campaigns") { _ = try await database.run(DropMembers(keep: Self.members)) },
            Step("cap usage") { [self] in try await purgeCapUsage() },
        ]
    }

    /// The time zones that the server knows: an hour after this worker's start for the first time, because the look takes a quarter of a second.
    func refreshTimeZones(now: ContinuousClock.Instant = .now) async throws {
        guard state.withLock({ now - $0.lookedAtZones >= .seconds(3500) }) else { return }
        let zones = try await database.run(RefreshTimeZones())
        if zones > 0 { logger.notice("the server knows other time zones than before", metadata: ["changed": "\(zones)"]) }
        state.withLock { $0.lookedAtZones = now }
    }

    /// The days that are over: each by itself.
    private func hourly() async throws {
        let now = ContinuousClock.now
        guard state.withLock({ $0.lookedAtDays.map { now - $0 >= .seconds(3500) } ?? true }) else { return }
        var held: [String: String] = [:]
        let days = try await database.run(OldDays(keep: Self.messages))
        try await troubles.each("retention of days", days.map { ($0, $0) }) { day in
            guard let answer = try await database.run(DropDay(day)) else { return }
            if answer == "dropped" {
                logger.info("an old day was dropped", metadata: ["day": "\(day)"])
            } else {
                held[day] = answer
            }
        }
        log(held)
        state.withLock { $0.lookedAtDays = now }
    }

    private func log(_ held: [String: String]) {
        meters.gauge("martlet_retention_held_days", [], Double(held.count))
        let before = state.withLock { state in
            defer { state.held = held }
            return state.held
        }
        for (day, why) in held.sorted(by: { $0.key < $1.key }) where before[day] != why {
            logger.notice("an old day is kept", metadata: ["day": "\(day)", "why": "\(why)"])
        }
    }

    /// A part of all people in each round: the table may have millions.
    private func purgeCapUsage() async throws {
        for _ in 0..<(Self.people / PurgeCapUsage.limit) {
            let after = state.withLock { $0.after }
            let next = try await database.run(PurgeCapUsage(after: after))
            state.withLock { $0.after = next ?? "" }
            if next == nil { return }
        }
    }
}
