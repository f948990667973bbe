import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Postgres
@testable import Store

@Suite("Hot statements stay cheap on large tables whose statistics are missing or wrong")
struct PlanTests {
    static let rows = 200_000
    static let batch = 100

    /// What the planner knows of the tables.
    enum Statistics: CaseIterable {
        case none
        /// Analysed while empty: that there is nothing.
        case empty
        /// The rings' segments were filled, emptied, cleaned and given back as they were: many pages, no row.
        case recycled
    }

    private static let rings = """
        insert into martlet_data.ready (slot, seq, message_id) select 1, n, n from generate_series(1, \(rows)) n;
        insert into martlet_data.leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
            select 1, n, 0, 1, 0, 0, 0, 0, 1, 1, now() + interval '1 min' from generate_series(1, \(rows)) n;
        insert into martlet_data.due (slot, due_at, message_id, lane, reason) select 1, now() - interval '1 h' + make_interval(secs => n / 100.0), n, 0, 'retry' from generate_series(1, \(rows)) n;
        """

    private static func fill(_ connection: PQConnection, _ statistics: Statistics) async throws {
        try await connection.execute(script: large(analysed: statistics == .empty), within: .seconds(240))
        guard statistics == .recycled else { return }
        for table in ["ready_1", "leased_1", "due_1"] {
            try await connection.execute(script: "delete from martlet_data.\(table)", within: .seconds(60))
            try await connection.execute(
                script: "vacuum (index_cleanup on, truncate off) martlet_data.\(table)", within: .seconds(60))
            let seen = "select reltuples = 0 and relpages > 1000 from pg_class where oid = 'martlet_data.\(table)'::regclass"
            #expect(try await connection.value(seen) == "true")
        }
        try await connection.execute(script: rings, within: .seconds(120))
    }

    /// Two hundred thousand rows everywhere, and autovacuum kept from repairing the statistics.
    static func large(analysed: Bool) -> String {
        let tables = [
            "messages_default", "attempts_default", "receipts_default", "ready_1", "leased_1", "due_1", "cap_usage",
            "suppressions", "consents", "carrier_ids_default", "provider_events", "dead_letters",
            "runs", "run_pauses", "codes",
        ]
        let off = tables.map { "alter table martlet_data.\($0) set (autovacuum_enabled = off);" }.joined(separator: "\n")
        let analyse = analysed ? "analyze;" : ""
        return """
            \(Fixture.policy) \(off) \(analyse)
            insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at)
                select n, 2, 1, 'k' || n, '+86138' || n, 'parcel', '{"a": 1}', 'shop', now(), now() + interval '1 day' from generate_series(1, \(rows)) n;
            insert into martlet_data.attempts (message_id, attempt, provider, session, admitted_at, send_by, template_version, segments)
                select n, 1, 'p', 1, now(), now(), 1, 1 from generate_series(1, \(rows)) n;
            insert into martlet_data.receipts (message_id, kind, attempt) select n, 'deferred', 1 from generate_series(1, \(rows)) n;
            \(rings)
            insert into martlet_data.cap_usage select 'k' || n, int8send(n) || int8send(0) || int8send(1) from generate_series(1, \(rows)) n;
            insert into martlet_data.suppressions (channel, address, scope, reason) select 'sms', '+86138' || n, 'marketing', 'opt_out' from generate_series(1, \(rows)) n;
            insert into martlet_data.consents (recipient_key, channel, purpose, status, method) select 'k' || n, 'sms', 'marketing', 'granted', 'web' from generate_series(1, \(rows)) n;
            insert into martlet_data.carrier_ids (at, folded, id, provider, recipient, message_id, attempt, part, parts)
                select now() - interval '10 years', to_hex(n), to_hex(n), 'p', '+86138' || n, n, 1, 1, 2 from generate_series(1, \(rows)) n;
            insert into martlet_data.provider_events (provider, kind, payload, reason, next_try)
                select 'p', 'receipt', '{}', 'no_match', now() + make_interval(secs => n - 1000) from generate_series(1, \(rows)) n;
            insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, reason, explanation, remedy, lane, attempt, series, message, history)
                select n, 'c', 'sms', 'k', 'a', 't', 'in_doubt', 'e', 'r', 1, 1, 0, '{}', '[]' from generate_series(1, \(rows)) n;
            insert into martlet_data.audiences (name) values ('a');
            insert into martlet_data.runs (campaign, version, definition, audience_id, seed, class, channel, fallback_zone, window_from, window_until, members)
                select 'c', 1, 'x', 1, 's', 'marketing', 'sms', 'UTC', 600, 1200, 1 from generate_series(1, 20000);
            insert into martlet_data.run_pauses (run_id, reason, lifted_at) select n, 'operator', now() from generate_series(1, 20000) n;
            insert into martlet_data.code_pools values ('p');
            insert into martlet_data.codes (pool, code, state, message_id) select 'p', 'c' || n, case when n % 100 = 0 then 'reserved' else 'spent' end, n from generate_series(1, \(rows)) n;
            insert into martlet_data.sessions (id, worker, host, pid, version) values (1, 'w', 'h', 1, '1');
            """
    }

    /// A batch of statements about messages 1000, 1010, …; leases at the places those rows have.
    private static func statements(_ leases: [Lease]) -> [(any Statement, buffers: Int)] {
        let ids = leases.map(\.messageID)
        var attempts = InsertAttempts(session: 1, admittedAt: Statements.then)
        attempts.messageIDs = ids
        attempts.attempts = ids.map { _ in 2 }
        attempts.providers = ids.map { _ in "p" }
        attempts.sendBys = ids.map { _ in Statements.then }
        attempts.templateVersions = ids.map { _ in 1 }
        attempts.segments = ids.map { _ in 1 }
        attempts.costs = ids.map { _ in nil }
        attempts.currencies = ids.map { _ in nil }
        var update = UpdateCapUsage()
        update.recipientKeys = ids.map { "k\($0)" }
        update.hits = ids.map { _ in [UInt8](repeating: 1, count: 48) }
        var finish = Finish(part: 1)
        var accepted = FinishAccepted(part: 1, session: 1)
        for lease in leases { accepted.add(lease, attempt: 1, provider: "p", reference: nil) }
        var deferMessage = DeferMessages(part: 1)
        var handBack = HandBack(part: 1)
        for lease in leases {
            finish.add(lease, kind: "accepted", attempt: 2, provider: "p")
            deferMessage.add(
                lease, until: Statements.then, reason: "retry", attempt: 2, countedAttempts: 1, resends: 0, receipt: "deferred")
            handBack.add(lease)
        }
        return [
            (
                ClaimReady(
                    part: 1, lane: 0, from: 0, limit: Int32(batch), session: 1, claim: 2, lease: .seconds(30), leasedPart: 2
                ), 60
            ),
            (AdmitLock(session: 1, buckets: Array(0..<100)), 1),
            (LockCapUsage(recipientKeys: update.recipientKeys), 10),
            (
                AdmitFacts(
                    part: 1, session: 1, rows: leases.map(\.row), messageIDs: ids, addresses: ids.map { "+86138\($0)" },
                    consentKeys: update.recipientKeys, groupKeys: ["g"], attemptedIDs: ids), 60
            ),
            (
                AdmitFacts(
                    part: 1, session: 1, rows: leases.map(\.row), messageIDs: ids, addresses: [], consentKeys: [],
                    groupKeys: ["run:1000"], attemptedIDs: [],
                    runs: ids.map { RunPlace(run: Int32($0.rawValue), zone: "Asia/Kolkata") }), 60
            ),
            (SettleCodes(after: 0), 500),
            (attempts, 40), (update, 25), (finish, 40), (accepted, 40), (deferMessage, 45),
            (PromoteDue(part: 1, limit: Int32(batch)), 30),
            (handBack, 25),
        ] + events(ids)
    }

    /// What a batch of receipts does.
    private static func events(_ ids: [MessageID]) -> [(any Statement, buffers: Int)] {
        var carrierIDs = InsertCarrierIDs()
        var conclusions = ConcludeParts()
        var suppressions = SuppressRecipients()
        for id in ids {
            carrierIDs.add(
                "x\(id)", folded: "x\(id)", provider: "p", recipient: nil, messageID: id, attempt: 1, part: 1, parts: 1)
            conclusions.add(id, attempt: 1, parts: 2, provider: "p")
            suppressions.add(id, scope: "all", reason: "hard_bounce")
        }
        let folded = ids.map { String($0.rawValue, radix: 16) }
        var handOvers = FindHandOvers()
        for id in ids { handOvers.add(id, attempt: 1, provider: "p") }
        return [
            (handOvers, 10),
            (FindCarrierIDs(folded: folded, providers: ids.map { _ in "p" }, since: .seconds(20 * 366 * 86_400)), 15),
            (carrierIDs, 30),
            (
                InsertCarrierReceipts(
                    ids.map { .init(messageID: $0, attempt: 1, kind: "part_undelivered", part: 1, provider: "p") }), 40
            ),
            (conclusions, 40),
            (
                ParkEvents(
                    ids.map {
                        .init(provider: "p", kind: "response", payload: "{}", reason: nil, messageID: $0, attempt: 7)
                    }), 40
            ),
            (ResolveUnknownOutcome(messageIDs: ids), 60), (suppressions, 40), (TakeParkedEvents(limit: Int32(batch)), 20),
        ]
    }

    @Test(
        "a batch of 100 touches few pages and no table from end to end, planned for its values or in general",
        arguments: Statistics.allCases)
    func plans(statistics: Statistics) async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect { $0.queryDeadline = .seconds(120) }
            try await Self.fill(connection, statistics)
            let leases = try await Self.leases(connection)
            #expect(leases.count == Self.batch)
            for (statement, buffersPerRow) in Self.statements(leases) {
                try await explain(statement, buffersPerRow, connection)
                try await general(statement, connection)
            }
        }
    }

    static let ids = (0..<batch).map { Int64(1000 + 10 * $0) }

    private static func leases(_ connection: PQConnection) async throws -> [Lease] {
        let places = try await connection.query(
            PQCall("places", "select ctid, message_id from martlet_data.leased_1 where message_id = any ($1) order by 2") {
                $0.int8Array(ids)
            })
        return try places.map { row in
            var lease = Statements.lease
            lease.row = LeasedRow(tid: try row.tid(0))
            lease.messageID = try row.messageID(1)
            return lease
        }
    }

    @Test("planned by a worker's session while the tables were empty, and never again", .timeLimit(.minutes(5)))
    func plannedEmpty() async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect()
            for (key, value) in DatabaseOptions.workerSettings {
                try await connection.execute(script: "set \(key) = \(value)")
            }
            let unknown = Self.ids.map { id in
                var lease = Statements.lease
                lease.messageID = MessageID(id)
                return lease
            }
            for (statement, _) in Self.statements(unknown) {
                do { _ = try await connection.pipeline([.begin, statement.call, .rollback]) } catch let error as PQError {
                    // FinishAccepted finds no lease here; its plan is made all the same.
                    #expect(error.sqlstate == "MT901")
                    _ = try await connection.query(.rollback)
                }
            }
            let other = try await scratch.connect()
            try await other.execute(script: Self.large(analysed: false), within: .seconds(120))
            let leases = try await Self.leases(other)
            for (statement, _) in Self.statements(leases) { try await general(statement, connection) }
        }
    }

    /// Planned for its values: EXPLAIN says which pages were touched and which tables were read through.
    func explain(_ statement: any Statement, _ buffersPerRow: Int, _ connection: PQConnection) async throws {
        let call = try statement.call
        let plan = PQCall("explain", "explain (analyze, buffers, format json) \(call.sql)", prepared: false, params: call.params)
        let text = try await connection.pipeline([.begin, plan, .rollback])[1].only.text(0)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        let root = try #require(json.first?["Plan"] as? [String: Any])
        let buffers = (root["Shared Hit Blocks"] as? Int ?? 0) + (root["Shared Read Blocks"] as? Int ?? 0)
        #expect(buffers <= buffersPerRow * Self.batch, "\(call.name) touched \(buffers) pages:\n\(text)")
        for node in Self.nodes(root) where node["Node Type"] as? String == "Seq Scan" {
            let read = (node["Actual Rows"] as? Double ?? 0) + (node["Rows Removed by Filter"] as? Double ?? 0)
            #expect(read <= 1000, "\(call.name) reads \(node["Relation Name"] ?? "") from end to end")
        }
        for node in Self.nodes(root) {
            let compared = (node["Rows Removed by Join Filter"] as? Double ?? 0) * (node["Actual Loops"] as? Double ?? 1)
            #expect(compared <= 100_000, "\(call.name) compares each with each:\n\(text)")
        }
    }

    private static func nodes(_ node: [String: Any]) -> [[String: Any]] {
        [node] + ((node["Plans"] as? [[String: Any]]) ?? []).flatMap(nodes)
    }

    /// Planned once for all values, as a connection does after five uses: counted by the statistics of the transaction.
    private func general(_ statement: any Statement, _ connection: PQConnection) async throws {
        let call = try statement.call
        let generic = PQCall("mode", "select set_config('plan_cache_mode', 'force_generic_plan', true)")
        let read = PQCall(
            "read",
            """
            select coalesce(string_agg(relname || ' ' || seq_tup_read, ', '), ''), coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int8
            from pg_stat_xact_user_tables where seq_tup_read > 1000
            """)
        let rows = try await connection.pipeline([.begin, generic, read, call, read, .rollback])
        #expect(try rows[4].only.text(0) == rows[2].only.text(0), "\(call.name), general plan, reads from end to end")
    }
}
