import Foundation
import TestSupport
import Testing

@testable import Postgres
@testable import Store

@Suite("Every statement of the store")
struct EveryStatementTests {
    @Test("is listed in Statements.all, once")
    func listed() throws {
        let folder = "\(PythonTool.repository)/Sources/Store"
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        var declared: Set<String> = []
        for file in files {
            let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            for match in text.matches(of: #/struct (\w+)[^{\n]*:[^{\n]*\bStatement\b/#) { declared.insert(String(match.1)) }
        }
        let listed = Statements.all.map { type(of: $0).name }
        #expect(declared.subtracting(listed) == [])
        #expect(listed.count == Set(listed).count)
    }

    @Test("declares the parameter types that the server infers")
    func types() async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect()
            for (index, statement) in Statements.all.enumerated() where !type(of: statement).name.hasPrefix("Bulk") {
                let call = try statement.call
                try await connection.execute(script: "prepare sample_\(index) as \(call.sql)", name: call.name)
                let inferred = try await connection.query(
                    PQCall(
                        "types",
                        "select array(select t::oid::int4 from unnest(parameter_types) with ordinality u(t, n) order by n) from pg_prepared_statements where name = $1"
                    ) {
                        $0.text("sample_\(index)")
                    }
                ).only.int4Array(0)
                #expect(call.params.types.map { Int32($0) } == inferred, "\(call.name)")
            }
        }
    }

    /// Those that change something and answer nothing, or whose answer is one value that says so.
    static let withoutRows: Set<String> = [
        "HoldOptOuts", "FindSettled", "ReopenUnsent",
        "LoadProviderStates", "WriteProviderHealth", "WriteSessionPolicy",
        "InsertAttempts", "InsertMessageLinks", "UpdateCapUsage",
        "InsertCapUsage", "InsertReceipts", "EraseBodies", "InsertSuppressions", "EndSession",
        "UpsertClasses", "UpsertSenders", "UpsertChannels", "RecordMigration", "RecordObjects", "RescuableSessions",
        "OldDays", "HeldDays", "MessagesThatAreOver", "RefuseFollowUp", "LoadRetiredClasses",
        "UpdateBudgetUsage", "CreateBudgetUsage", "UpsertBudgets", "UpsertReceiptPromises", "InsertCarrierIDs",
        "InsertCarrierReceipts", "ConcludeParts",
        "ResolveUnknownOutcome", "SuppressRecipients", "LoadReplacedPolicies", "UpsertWebhooks", "OpenSurveys",
        "TakeJourneyPeople", "LoadJourneyVersion",
    ]
    static let byAdmins: Set<String> = [
        "InsertPolicy", "UpsertClasses", "UpsertSenders", "UpsertChannels", "UpsertBudgets", "UpsertReceiptPromises",
        "PushTemplates", "UpsertWebhooks", "WorkersBehind",
    ]
    static let byMigrators: Set<String> = [
        "HasMigrations", "MigrationLock", "AppliedMigrations", "AppliedObjects", "BecomeOwner", "ResetRole", "RecordMigration",
        "RecordObjects", "SeedHandOvers", "ReplaceChecksum", "ObjectDefinitions",
    ]
    /// Duties of workers among the statements about events.
    static let notByGateways: Set<String> = [
        "TakeParkedEvents", "CountParkedEvents", "PurgeParkedEvents", "PurgeInboundTexts", "PurgeSurveys",
    ]

    @Test(
        "runs as the role that needs it, on empty tables and on small data, and its answer can be read", arguments: [false, true])
    func runs(withData: Bool) async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect()
            if withData { try await connection.execute(script: Fixture.policy + Fixture.messageOne) }
            // Savepoints make no sense alone, and cannot be prepared with PREPARE.
            for statement in Statements.all where !type(of: statement).name.hasPrefix("Bulk") {
                try await run(statement, on: connection, withData: withData)
            }
            for statement in Statements.events + Statements.links + [
                LoadPolicy(), PolicyStamp(), LoadReplacedPolicies(since: .seconds(60)),
            ]
            where !Self.notByGateways.contains(type(of: statement).name) {
                try await run(statement, as: "martlet_gateway", on: connection, withData: withData)
            }
        }
    }

    private func run<S: Statement>(
        _ statement: S, as given: String? = nil, on connection: PQConnection, withData: Bool
    ) async throws {
        let isAdmins =
            Self.byAdmins.contains(S.name)
            || (Statements.administration + Statements.campaigns + Statements.journeys).contains { type(of: $0).name == S.name }
        let isProducers = Statements.importing.contains { type(of: $0).name == S.name }
        let isGateways = Statements.links.contains { type(of: $0).name == S.name }
        let role =
            given
            ?? (Self.byMigrators.contains(S.name)
                ? "none"
                : isAdmins
                    ? "martlet_admin" : isProducers ? "martlet_producer" : isGateways ? "martlet_gateway" : "martlet_worker")
        do {
            let setRole = PQCall("role", "select set_config('role', '\(role)', true)", prepared: false)
            let rows = try await connection.pipeline([.begin, setRole, statement.call, .rollback])[2]
            _ = try S.read(rows)
            if withData && role == "martlet_worker" && !Self.withoutRows.contains(S.name) {
                #expect(rows.count > 0, "\(S.name) finds nothing in the data")
            }
        } catch let error as PQError where error.sqlstate?.hasPrefix("MT") == true {
            // The contract's own refusal of a sample that fits no data: the function was found, and the role may call it.
            _ = try await connection.query(.rollback)
        } catch let error as PQError where S.name == "PlanRun" && error.sqlstate == "23503" {
            // The sample's run is not there, and a chunk needs one.
            _ = try await connection.query(.rollback)
        } catch {
            Issue.record("\(S.name) as \(role): \(error)")
            _ = try await connection.query(.rollback)
        }
    }

    @Test("carries its name as the first comment of its SQL")
    func comment() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let watcher = try await scratch.connect()
            let seen = try await store.withConnection { connection in
                _ = try await connection.begin(QueueIsEmpty())
                let text = try await watcher.value(
                    "select query from pg_stat_activity where datname = current_database() and state = 'idle in transaction'")
                await connection.rollbackAfterError()
                return text
            }
            #expect(try #require(seen).hasPrefix("/* QueueIsEmpty */"))
        }
    }
}
