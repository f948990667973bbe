import Campaigns
import Domain
import Foundation
import Postgres
import Settings
import TestSupport
import Testing

@testable import Operations
@testable import Store

@Suite("Use cases and roles", .serialized, .migratedDatabase)
struct RoleTests {
    private static let empty = Policy(
        classes: [:], caps: [], senders: [:], defaultSender: "", providers: [:], routes: [], prices: [], wordLists: [])
    private static let content = ConfigDirectory.Content(
        files: [:], policy: empty, templates: [], warnings: [])
    private static let filter = DeadLetterFilter()

    /// Every use case with the role that it needs, and some input.
    static var all: [(role: Role, useCase: any UseCase)] {
        [
            (.anybody, ExamineCluster()), (.anybody, ShowSchema()), (.migrator, MigrateSchema(dryRun: true)),
            (.migrator, FindSchemaDifferences()),
            (.migrator, RepairSchema(MigrationRepair(migrations: [], objects: []), why: "x")),
            (.reader, ShowClusterNumber()), (.admin, GiveClusterNumber(number: 0, why: "x")),
            (.reader, ShowLanes(sample: .zero, all: true)), (.reader, ShowWorkers(all: true)),
            (.reader, ShowBudgets(provider: nil, limit: 10)), (.reader, ShowServiceLevels(since: .seconds(60))),
            (.reader, ReportOutcome(since: .seconds(60), group: nil, messageClass: nil, optOutWithin: .seconds(60))),
            (.reader, ShowProviders()), (.reader, ShowProviderUsage(provider: "p", since: nil, enqueuedWithin: .seconds(60))),
            (.reader, ShowMessage(id: MessageID(1), withVariables: false)),
            (.reader, SearchDeadLetters(filter: filter, limit: 10)),
            (.reader, ShowJobs(limit: 10)), (.reader, ShowJob(id: 1, limit: 10)),
            (.admin, PlanPolicy(content: content)), (.admin, ApplyPolicy(content: content, note: nil, dryRun: true)),
            (.admin, AwaitPolicy(atMost: .zero)), (.admin, ShowPolicy()), (.admin, ShowPolicyHistory(limit: 10)),
            (.admin, ShowTemplates(key: nil, channel: nil)),
            (.admin, StoreTemplates(templates: [], note: nil, dryRun: true)),
            (.admin, PreviewTemplate(key: "k", channel: nil, locale: nil, messageClass: "otp", to: "+44", variables: nil)),
            (.admin, PreviewMessage(text: .plain("x"), channel: .sms, to: "+447700900001")),
            (.reader, ShowOverview(sample: .zero)), (.admin, BrowseMessages(filter: MessageFilter(), limit: 10)),
            (.admin, CancelMessages(.message(MessageID(1)), why: "x", dryRun: true)),
            (.admin, EnqueueMessage(BulkRow(), why: "x", dryRun: true)),
            (.admin, ShowAudit(filter: AuditFilter(), limit: 10)), (.admin, ShowInbound(sender: nil, limit: 10)),
            (.admin, ShowWebhooks()),
            (.admin, ComparePolicies(old: .version(nil), new: .version(nil))), (.admin, LoadEarlierPolicy(version: 1)),
            (.admin, PullTemplates(into: ConfigDirectory("/nowhere"), key: nil, replaces: false, dryRun: true)),
            (.admin, CheckVariables(id: MessageID(1), variables: "{}")),
            (.admin, SearchMessages(recipient: "x", channel: nil, addressWithin: nil, limit: 10)),
            (.admin, ShowDeadLetter(id: MessageID(1))), (.admin, PreviewJob(selection: .matching(filter))),
            (.admin, StartJob(.discard, .ids([MessageID(1)]), why: "x")), (.admin, ContinueJob(id: 1)),
            (.admin, StopJob(id: 1, why: "x")), (.admin, ResumeJob(id: 1, why: "x")),
            (.admin, GiveProviderOrder(provider: "p", order: nil, why: "x")),
            (.admin, TestProvider(provider: "p", to: nil, sends: false, text: "x", sender: nil, channel: nil)),
            (.admin, SwitchLane(lane: 3, isPaused: false, why: "x")),
            (.admin, ShowSuppressions(recipient: nil, channel: nil, includesLifted: false, limit: 10)),
            (.admin, AddSuppression(recipient: "+447700900001", channel: nil, scope: "all", reason: "x")),
            (.admin, RemoveSuppression(recipient: "+447700900001", channel: nil, scope: nil, why: "x")),
            (.admin, ShowCapUsage(recipient: "x", tier: nil, timeZone: nil)),
        ] + campaigns + journeys
    }

    private static var journeys: [(role: Role, useCase: any UseCase)] {
        [
            (.admin, ApplyJourneys(files: [], migrates: false, dryRun: true)), (.reader, ShowJourneys()),
            (.admin, ShowJourney(journey: "x")), (.reader, ReportJourney(journey: "x")),
            (.reader, ShowJourneyPeople(journey: "x", state: nil, step: nil, recipient: nil, limit: 10)),
            (.admin, AdmitToJourney(journey: "x", recipient: "c-1", data: "{}")),
            (.admin, RemoveFromJourney(journey: "x", recipient: "c-1", why: "x")), (.admin, HoldJourney(journey: "x", why: "x")),
            (.admin, ContinueJourney(journey: "x", why: "x", dryRun: true)),
        ]
    }

    private static var campaigns: [(role: Role, useCase: any UseCase)] {
        [
            (.admin, ApplyCampaigns(files: [], dryRun: true)), (.reader, ShowCampaigns(campaign: nil)),
            (.admin, ShowCampaign(campaign: "x")), (.reader, ReportRun(run: 1)), (.admin, ExplainRecipient(recipient: "x")),
            (.admin, StartCampaign(campaign: "x", now: true, isPreview: true)),
            (.admin, SendCampaignTest(campaign: "x", to: "+447700900001", locale: nil, variables: "{}")),
            (.admin, ApproveCampaignRun(run: 1, why: "x")), (.admin, PauseCampaignRun(run: 1, why: "x")),
            (.admin, ResumeCampaignRun(run: 1, why: "x", late: .shift, dryRun: true)),
            (.admin, StopCampaignRun(run: 1, why: "x")), (.reader, ShowAudiences()),
            (.reader, ShowAudience(name: "x", limit: 10)), (.admin, MakeAudience(name: "x", query: "select 1 as person")),
            (.admin, ImportPeople(name: "x", file: "/nowhere.csv")),
            (.admin, DiscardAudience(name: "x", why: "x")), (.admin, FillCodePool(pool: "x", codes: ["a"], validUntil: nil)),
            (.reader, ShowCodePools(pool: nil)),
        ]
    }

    @Test("every use case of the module is in the table, with its role")
    func table() throws {
        let folder = "\(PythonTool.repository)/Sources/Operations"
        var declared: Set<String> = []
        for file in try FileManager.default.subpathsOfDirectory(atPath: folder) where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            for match in text.matches(of: #/struct (\w+): UseCase\b/#) { declared.insert(String(match.1)) }
        }
        #expect(Set(Self.all.map { "\(type(of: $0.useCase))" }) == declared)
        for (role, useCase) in Self.all { #expect(type(of: useCase).role == role, "\(type(of: useCase))") }
    }

    /// Runs it and answers why not.
    private func failure<U: UseCase>(_ useCase: U, _ cluster: Cluster, _ actor: Operations.Actor) async -> OperationError? {
        do throws(OperationError) {
            _ = try await useCase.run(on: cluster, as: actor)
            return nil
        } catch {
            return error
        }
    }

    private func cluster(of role: String?) async throws -> Cluster {
        let scratch = try ScratchDatabase.required()
        let name = "\(role ?? "nobody")_\(scratch.name)"
        let connection = try await scratch.connect()
        try await connection.execute(
            script: "create role \"\(name)\" login\(role.map { " in role \($0)" } ?? "")", name: "create role")
        await connection.close()
        return Cluster(options: DatabaseOptions(conninfo: scratch.conninfo + " user=\(name)", applicationName: "tests"))
    }

    private func drop(_ cluster: Cluster, _ name: String) async throws {
        await cluster.close()
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(script: "drop owned by \"\(name)\"; drop role \"\(name)\"", name: "drop role")
        await connection.close()
    }

    @Test(
        "an actor without the role is told which one it takes, and nothing was asked of the database",
        arguments: [nil, "martlet_reader"])
    func refused(role: String?) async throws {
        let cluster = try await cluster(of: role)
        let actor = try await Operations.Actor.login(on: cluster)
        for (needed, useCase) in Self.all where needed == .admin || needed == .reader && role == nil {
            let error = await failure(useCase, cluster, actor)
            #expect(error?.kind == .notPermitted && error?.sqlstate == nil, "\(type(of: useCase)): \(String(describing: error))")
            #expect(error?.hint?.contains(needed.rawValue) == true)
        }
        try await drop(cluster, actor.name)
    }

    @Test("the role that a use case names is enough for all of its SQL", arguments: ["martlet_reader", "martlet_admin"])
    func enough(role: String) async throws {
        let cluster = try await cluster(of: role)
        let actor = try await Operations.Actor.login(on: cluster)
        for (needed, useCase) in Self.all where needed == .reader || needed == .anybody || needed.rawValue == role {
            guard let error = await failure(useCase, cluster, actor) else { continue }
            #expect([.notFound, .refused].contains(error.kind), "\(type(of: useCase)): \(error)")
        }
        try await drop(cluster, actor.name)
    }
}
