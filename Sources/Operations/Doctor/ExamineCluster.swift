import Domain
import Foundation
import Rendering
import Store
import Text

/// Says what is wrong with this installation, and what to do. Looks at the server and what it runs out of, the schema, the policy, workers, providers,
/// lanes, partitions, retention, events and dead letters; changes nothing.
public struct ExamineCluster: UseCase {
    public static let role = Role.anybody
    public static let deadline: Duration? = .seconds(60)

    public struct Output: Sendable, JSONConvertible {
        public var findings: [Finding]
        public var isHealthy: Bool { !findings.contains { $0.grade == .bad } }

        public var json: JSONValue { ["healthy": .bool(isHealthy), "findings": findings.json] }
    }

    public init() {}

    /// What is said about a cluster whose database cannot be reached.
    public static func unreachable(_ error: OperationError) -> Output {
        let remedy = "Start the server, or correct MARTLET_DATABASE_URL (or --database-url-file, PGHOST, PGDATABASE, …)."
        return Output(findings: [.bad("reachable", error.message, remedy)])
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let before = ContinuousClock.now
        let facts = try await context.run(ServerFacts())
        // The middle of the round trip is when the server read its clock, as well as we can tell.
        let local = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6)) - (ContinuousClock.now - before) / 2
        var findings: [Finding] = [.ok("reachable", "yes")] + ServerChecks.run(facts, local: local)
        let status = try await Migrator(context.database).status()
        if let misfit = status.misfit {
            let remedy = "`martlet migrate status` shows more. What needs the schema was not looked at."
            return Output(findings: findings + [.bad("schema", misfit, remedy)])
        }
        findings.append(.ok("schema", "\(status.entries.last?.version ?? 0), as this binary wants"))
        let actor = context.actor
        guard actor.isAdmin else {
            let remedy = "grant martlet_admin to \(actor.name), or connect with a role that has it. The rest was not looked at."
            return Output(findings: findings + [.bad("role", "\(actor.name) is not martlet_admin", remedy)])
        }
        findings.append(
            actor.isSuperuser
                ? .warn("role", "\(actor.name) is a superuser", "Daily work needs only a role with martlet_admin.")
                : .ok("role", "\(actor.name) has martlet_admin"))
        return Output(findings: try await findings + server(context) + cluster(context))
    }

    private func cluster(_ context: OperationContext) async throws -> [Finding] {
        let templates = try await context.run(LoadTemplates())
        let stored = try await context.run(LoadPolicy())
        let (policyFindings, policy) = ClusterChecks.policy(stored, templates: templates.count)
        let workers = try await context.run(ListWorkers(all: false))
        let lanes = try await context.run(ListLanes())
        let waiting = lanes.reduce(0) { $0 + $1.ready + $1.due }
        let now = try await context.now()
        var findings = policyFindings + ClusterChecks.workers(workers, waiting: waiting)
        findings += await look("policy_use") {
            let behind = try await context.run(WorkersBehind())
            return ClusterChecks.policyUse(behind, age: stored.map { now - $0.appliedAt } ?? .zero).map { [$0] } ?? []
        }
        findings += await look("template_locales") {
            [ClusterChecks.locales(try templates.map { try ParsedTemplate($0) }, policy: policy)]
        }
        let providers = await look("providers") {
            ProviderChecks.run(
                try await context.run(ListProviders()), known: policy?.providers.keys.sorted() ?? [],
                live: workers.count { $0.state == "live" })
        }
        findings += providers
        findings += ClusterChecks.lanes(lanes, policy: policy, troubled: ProviderChecks.troubled(providers), now: now)
        findings += await look("queue") { ClusterChecks.queue(try await context.run(QueueFacts())) }
        findings += await look("retention") {
            let held = try await context.run(HeldDays(keep: Self.kept))
            return [
                ClusterChecks.retention(held, overdue: try await context.run(HeldDays(keep: Self.kept + .seconds(86_400))))
            ]
        }
        findings += await look("rings") { ClusterChecks.rings(try await context.run(RingFacts())) }
        findings += await look("inbound_texts") { [ClusterChecks.unreadable(try await context.run(UnreadableTexts()))] }
        findings += await look("events") { [ClusterChecks.events(try await context.run(UnmatchedEvents()))] }
        findings += await look("dead_letters") {
            [ClusterChecks.deadLetters(try await context.run(CountDeadLetters(filter: DeadLetterFilter())))]
        }
        return findings
    }

    /// What fills or blocks the server.
    private func server(_ context: OperationContext) async -> [Finding] {
        let actor = context.actor
        var findings = await look("transactions") {
            [
                ClusterChecks.transactions(
                    try await context.run(OldTransactions()), of: actor.name, seesAll: actor.seesActivity)
            ]
        }
        findings += await look("connections") { LimitChecks.limits(try await context.run(ServerLimits())) }
        findings += await look("replication_slots") { [LimitChecks.slots(try await context.run(InactiveSlots()))] }
        findings += await look("synchronous_standby") { [LimitChecks.standby(try await context.run(StandbyFacts()))] }
        findings += await look("disk") { LimitChecks.disk(try await context.run(DiskFacts()), of: actor.name) }
        findings += await look("jit") { [LimitChecks.jit(try await context.run(JITSettings()))] }
        return findings
    }

    /// A check that cannot be made is a warning, and the others are made all the same.
    private func look(_ check: String, _ body: () async throws -> [Finding]) async -> [Finding] {
        do {
            return try await body()
        } catch {
            let error = OperationError(error, role: .admin)
            return [.warn(check, "could not look: \(error.message)", error.hint ?? "Run the doctor again.")]
        }
    }

    /// How long messages are kept.
    private static let kept = Duration.seconds(35 * 86_400)
}
