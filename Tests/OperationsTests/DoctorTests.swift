import Domain
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@testable import Operations

/// What the doctor says of one shop, by check.
private struct Doctor {
    var cluster: Cluster
    var actor: Operations.Actor

    init(_ cluster: Cluster) async throws {
        self.cluster = cluster
        actor = try await Operations.Actor.login(on: cluster)
    }

    func look() async throws -> [String: Finding] {
        let findings = try await ExamineCluster().run(on: cluster, as: actor).findings
        return Dictionary(findings.map { ($0.check, $0) }) { first, _ in first }
    }
}

@Suite("The doctor: each fault is made, found and named with its remedy", .timeLimit(.minutes(5)))
struct DoctorTests {
    private func shop(_ body: (Shop, Doctor) async throws -> Void) async throws {
        try await Shop.with { shop in try await body(shop, try await Doctor(Cluster(database: shop.store))) }
    }

    /// Sessions that live and use the newest policy.
    private func workers(_ count: Int, in shop: Shop) async throws -> [Int32] {
        let stamp = try await shop.store.run(PolicyStamp())
        var sessions: [Int32] = []
        for number in 1...count {
            sessions.append(
                try await shop.store.run(
                    BeginSession(
                        worker: "w\(number)", host: "here", pid: 1, version: "1", policy: stamp.version,
                        templates: stamp.templates)))
        }
        return sessions
    }

    private func seen(_ circuit: String, _ reason: String? = nil) -> ProviderSeen {
        ProviderSeen(
            provider: "sandbox", circuit: circuit, reason: reason, accepted: 0, failed: 1, throttled: 0, refused: 0,
            latency: .zero,
            unanswered: 0, waiting: 0)
    }

    @Test("a circuit that is open at one worker is a warning, one that is open everywhere is bad, and more workers are no remedy")
    func circuits() async throws {
        try await shop { shop, doctor in
            let sessions = try await workers(2, in: shop)
            try await shop.enqueue("otp", to: "+447700900001")
            try await shop.script("update martlet_data.ready set seq = seq")
            #expect(try await doctor.look()["providers"]?.grade == .ok)
            for (session, circuit) in zip(sessions, ["open", "closed"]) {
                try await shop.store.run(WriteProviderHealth(session: session, seen: [seen(circuit, "timeouts")]))
            }
            let some = try await doctor.look()
            #expect(some["provider_sandbox"]?.grade == .warn && some["providers"] == nil)
            #expect(some["provider_sandbox"]?.found == "the circuit is open at 1 of 2 workers: timeouts")
            try await shop.store.run(WriteProviderHealth(session: sessions[1], seen: [seen("half_open", "timeouts")]))
            try await eventually(within: .seconds(20), "the login code is late") {
                try await doctor.look()["lane_0"] != nil
            }
            let all = try await doctor.look()
            #expect(all["provider_sandbox"]?.grade == .bad)
            #expect(all["provider_sandbox"]?.found.contains("open everywhere (2 of 2 workers): timeouts") == true)
            #expect(all["lane_0"]?.remedy == "More workers do not help: sandbox takes less than it should, see above.")
        }
    }

    @Test(
        "a provider that an admin has stopped is named with who, why and how to use it again",
        arguments: ["paused", "draining", "moved"])
    func stopped(state: String) async throws {
        try await shop { shop, doctor in
            let order: ProviderOrder = state == "paused" ? .paused : state == "draining" ? .draining : .moved(to: "other")
            _ = try await shop.store.run(OrderProvider("sandbox", order, why: "wrong price"))
            let found = try #require(try await doctor.look()["provider_sandbox"])
            #expect(found.grade == .warn && found.found.contains("by postgres") && found.found.hasSuffix(": wrong price"))
            #expect(found.remedy.contains("martlet providers resume sandbox"))
        }
    }

    @Test("a provider that workers cannot open: a warning at one, bad at all, with the reason")
    func unusable() async throws {
        try await shop { shop, doctor in
            let sessions = try await workers(2, in: shop)
            let reason = "provider mailhub: option dkim: cannot use /etc/key.pem: no such file"
            let broken = ProviderSeen(unusable: "mailhub", reason)
            try await shop.store.run(WriteProviderHealth(session: sessions[0], seen: [broken]))
            let one = try await doctor.look()["provider_mailhub"]
            #expect(one?.grade == .warn && one?.found == "1 of 2 workers cannot open it: \(reason)")
            try await shop.store.run(WriteProviderHealth(session: sessions[1], seen: [broken]))
            #expect(try await doctor.look()["provider_mailhub"]?.grade == .bad)
            // Other workers do not take it for an open circuit.
            #expect(try await shop.store.run(LoadProviderStates(session: sessions[1])).open.isEmpty)
        }
    }

    @Test("a worker that does not use the newest policy is named with its reason, once it had the time to")
    func policyUse() async throws {
        try await shop { shop, doctor in
            let sessions = try await workers(2, in: shop)
            #expect(try await doctor.look()["policy_use"] == nil)
            try await shop.store.run(
                WriteSessionPolicy(session: sessions[1], policy: 0, templates: "", problem: "classes.yaml:3: unknown key"))
            #expect(try await doctor.look()["policy_use"] == nil, "it was applied a moment ago")
            try await shop.script("update martlet_data.policies set applied_at = clock_timestamp() - interval '1 minute'")
            let found = try #require(try await doctor.look()["policy_use"])
            #expect(found.grade == .bad && found.found.hasSuffix("w2 on here uses version 0: classes.yaml:3: unknown key"))
            try await shop.store.run(WriteSessionPolicy(session: sessions[1], policy: 0, templates: "", problem: nil))
            #expect(try await doctor.look()["policy_use"]?.grade == .warn)
        }
    }

    @Test("a template without a text for the locale of any sender")
    func locales() async throws {
        try await shop { shop, doctor in
            #expect(try await doctor.look()["template_locales"]?.grade == .ok)
            let french = Template(key: "solde", locale: "fr", channel: .sms, body: "Tout à moitié prix")
            _ = try await shop.store.run(PushTemplates(templates: [french]))
            let found = try #require(try await doctor.look()["template_locales"])
            #expect(found.grade == .warn && found.found.hasSuffix("(en) and none called default: solde (sms)"), "\(found)")
        }
    }

    @Test("events that match no message are counted by provider, without those that are tried again")
    func events() async throws {
        try await shop { shop, doctor in
            let event =
                "insert into martlet_data.provider_events (provider, kind, payload, reason, next_try) values ('sandbox', 'receipt', '{}', 'no_match', NEXT)"
            try await shop.script(event.replacing("NEXT", with: "now()"))
            #expect(try await doctor.look()["events"]?.grade == .ok)
            try await shop.script(event.replacing("NEXT", with: "null"))
            let found = try #require(try await doctor.look()["events"])
            #expect(found.grade == .warn && found.found.contains("1 receipt of sandbox (no_match)"), "\(found)")
        }
    }

    @Test("zones that enqueue does not know though the server does, and texts that no program can read")
    func zonesAndTexts() async throws {
        try await shop { shop, doctor in
            let before = try await doctor.look()
            #expect(before["time_zones"]?.grade == .ok && before["inbound_texts"]?.grade == .ok)
            try await shop.script(
                """
                delete from martlet_data.time_zones where name = 'Europe/Berlin';
                insert into martlet_data.inbound_texts (provider, sender, recipient, body, octets, data_coding) values ('carrier', '+4915112348401', '12345', null, '\\x80', 4);
                """)
            let after = try await doctor.look()
            let zones = try #require(after["time_zones"])
            #expect(zones.grade == .warn && zones.found.hasPrefix("1 names differ"), "\(zones)")
            let texts = try #require(after["inbound_texts"])
            #expect(texts.grade == .warn && texts.found.contains("carrier"), "\(texts)")
        }
    }

    @Test("an old day that nothing holds and no worker drops is stuck retention; one that is held says what holds it")
    func retention() async throws {
        try await shop { shop, doctor in
            #expect(try await doctor.look()["retention"]?.grade == .ok)
            try await shop.script(
                """
                do $$ declare p text; begin
                    foreach p in array array['messages', 'attempts', 'receipts', 'message_links'] loop
                        execute format('create table martlet_data.%s_20250110 partition of martlet_data.%1$s for values from (%s) to (%s)', p,
                            martlet_data.first_id('2025-01-10Z'), martlet_data.first_id('2025-01-11Z'));
                        execute format('alter table martlet_data.%s_20250110 owner to martlet_owner', p);
                    end loop; end $$;
                """)
            let stuck = try #require(try await doctor.look()["retention"])
            #expect(stuck.grade == .bad && stuck.found.contains("the oldest is 20250110"), "\(stuck)")
            try await shop.script(
                "insert into martlet_data.messages (id, class_id, channel_id, recipient_key, address, template, variables, producer, created_at, expires_at) values (martlet_data.first_id('2025-01-10Z') + 1, 1, 1, 'k', 'a', 't', '{}', 'p', '2025-01-10Z', 'infinity')"
            )
            let held = try #require(try await doctor.look()["retention"])
            #expect(held.grade == .warn && held.found.contains("20250110: a message has not expired before infinity"), "\(held)")
        }
    }

    @Test("jit as a service's session of this database gets it, whatever the doctor's own session has")
    func jit() async throws {
        try await shop { shop, doctor in
            let name = shop.scratch.name
            // A database that was copied has lost what the first migration set.
            let copied = try #require(try await doctor.look()["jit"])
            #expect(copied.grade == .warn && copied.remedy.contains("alter database … set jit = off"), "\(copied)")
            try await shop.script("alter database \"\(name)\" set jit = off")
            #expect(try await doctor.look()["jit"]?.grade == .ok)
            try await shop.script(
                "create role \"jit_\(name)\" login; alter role \"jit_\(name)\" in database \"\(name)\" set jit = on")
            let role = try #require(try await doctor.look()["jit"])
            #expect(role.grade == .warn && role.found == "on for jit_\(name)")
            try await shop.script("drop role \"jit_\(name)\"; alter database \"\(name)\" set jit = on")
            #expect(try await doctor.look()["jit"]?.found == "on for this database")
        }
    }

    @Test("what a role may not see is a warning and not a clean bill: transactions of others, and the WAL; pg_monitor sees both")
    func blind() async throws {
        try await shop { shop, doctor in
            #expect(try await doctor.look()["transactions"]?.grade == .ok)
            let role = "doctor_\(shop.scratch.name)"
            try await shop.script("create role \"\(role)\" login in role martlet_admin")
            let cluster = Cluster(
                options: DatabaseOptions(conninfo: shop.scratch.conninfo + " user=\(role)", applicationName: "tests"))
            let found = try await Doctor(cluster).look()
            #expect(found["transactions"]?.grade == .warn && found["transactions"]?.found.contains("could not look") == true)
            #expect(found["transactions"]?.remedy == "grant pg_monitor to \(role), or run the doctor as a role that has it.")
            #expect(found["disk"]?.grade == .warn && found["disk"]?.found.contains("could not look at the WAL") == true)
            try await shop.script("grant pg_monitor to \"\(role)\"")
            let seeing = try await Doctor(cluster).look()
            #expect(seeing["transactions"]?.grade == .ok && seeing["disk"]?.grade == .ok, "\(seeing)")
            await cluster.close()
            try await shop.script("drop role \"\(role)\"")
        }
    }

    @Test("connections near the limit of the database or of a role, also for a doctor that may not look into other sessions")
    func connections() async throws {
        try await shop { shop, doctor in
            let role = "busy_\(shop.scratch.name)"
            try await shop.script("create role \"\(role)\" login in role martlet_admin connection limit 5")
            #expect(try await doctor.look()["connections"]?.grade == .ok)
            var open: [PQConnection] = []
            for _ in 0..<4 { open.append(try await shop.scratch.connect { $0.conninfo += " user=\(role)" }) }
            let cluster = Cluster(
                options: DatabaseOptions(
                    conninfo: shop.scratch.conninfo + " user=\(role)", applicationName: "tests", connections: 1))
            let full = try #require(try await Doctor(cluster).look()["connections"])
            #expect(full.grade == .bad && full.found.contains("5 of 5 used (role \(role))"), "\(full)")
            for connection in open { await connection.close() }
            await cluster.close()
            try await shop.script("drop role \"\(role)\"")
        }
    }

    @Test("a check that fails is a warning, and the others are made all the same")
    func failing() async throws {
        try await shop { shop, doctor in
            try await shop.script("drop function martlet_data.disk_facts()")
            let found = try await doctor.look()
            #expect(found["disk"]?.grade == .warn && found["disk"]?.found.contains("could not look") == true)
            #expect(found["dead_letters"]?.grade == .ok)
        }
    }

    @Test(
        "of a server: slots without a reader, WAL that is not archived, a lock table that is nearly full, a standby that commits wait for"
    )
    func server() async throws {
        let server = try await PrivateServer.start(
            settings: "-c archive_mode=on -c archive_command=/bin/false -c max_wal_size=32MB -c min_wal_size=32MB")
        do {
            try await Shop.with(on: server) { shop in
                let doctor = try await Doctor(Cluster(database: shop.store))
                let before = try await doctor.look()
                #expect(before["replication_slots"]?.grade == .ok && before["synchronous_standby"]?.grade == .ok)
                #expect(before["locks"]?.grade == .ok, "\(String(describing: before["locks"]))")

                try await shop.script("select pg_create_physical_replication_slot('gone', true)")
                let slots = try #require(try await doctor.look()["replication_slots"])
                #expect(slots.grade == .warn && slots.found.hasPrefix("no client reads the physical slot gone, "), "\(slots)")
                #expect(slots.remedy.contains("pg_drop_replication_slot('gone')"))

                // More segments than the settings allow: the slot and the archive keep them.
                try await shop.script((0..<4).map { "select pg_switch_wal(); create table wal_\($0) ()" }.joined(separator: ";"))
                try await eventually(within: .seconds(60), "archiving fails") {
                    try await doctor.look()["wal_archive"]?.grade == .bad
                }
                let disk = try #require(try await doctor.look()["disk"])
                #expect(disk.grade == .bad, "\(disk)")

                let holder = try await shop.scratch.connect()
                _ = try await holder.value("select count(pg_advisory_lock(n)) from generate_series(1, 2700) n")
                #expect(try await doctor.look()["locks"]?.grade == .warn)
                _ = try await holder.value("select count(pg_advisory_lock(n)) from generate_series(2701, 3100) n")
                let locks = try #require(try await doctor.look()["locks"])
                #expect(locks.grade == .bad && locks.remedy.contains("max_locks_per_transaction"), "\(locks)")
                await holder.close()

                try await shop.script("alter system set synchronous_standby_names = 'ANY 1 (elsewhere)'")
                try await shop.script("select pg_reload_conf()")
                try await eventually(within: .seconds(20), "the standby that is not there is found") {
                    try await doctor.look()["synchronous_standby"]?.grade == .bad
                }
            }
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}
