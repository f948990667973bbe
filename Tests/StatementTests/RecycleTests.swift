import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("A part that some reader always holds is used again as autovacuum leaves it, and no row is lost over it")
struct RecycleTests {
    private static let rows = 3000
    private static let fill = """
        insert into martlet_data.ready (slot, seq, message_id)
            select 3, nextval('martlet_data.message_seq'), n from generate_series(1, \(rows)) n order by n;
        """
    /// Other sessions' counts come a second late, or ten; this one's come now.
    private static let flush = "select pg_stat_force_next_flush()"
    private static let insert =
        "insert into martlet_data.ready (slot, seq, message_id) values (3, nextval('martlet_data.message_seq'), 7)"

    /// Part 3 of lane 1, filled, closed and emptied, beside a transaction that has read it and does not end.
    private func pinned(
        reader isolation: String = "read committed",
        _ body: @Sendable (ScratchDatabase, Database, PQConnection, _ reader: PQConnection) async throws -> Void
    ) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy + Self.fill)
            #expect(try await store.run(AdvanceRing(kind: .ready, lane: 1)) == 4)
            let reader = try await scratch.connect()
            try await reader.execute(script: "begin isolation level \(isolation); select count(*) from martlet_data.ready_3")
            try await connection.execute(script: "delete from martlet_data.ready_3; \(Self.flush)")
            try await body(scratch, store, connection, reader)
        }
    }

    /// Readers keep their locks until later: a wait for one would end at this limit, with an error.
    private func retire(_ connection: PQConnection) async throws -> Bool {
        try await connection.execute(script: "set statement_timeout = '20s'")
        return try await connection.value("select martlet_data.retire_segment('ready', 3::int2)") == "true"
    }

    /// Six seconds later.
    private func wait(_ connection: PQConnection) async throws {
        try await connection.execute(script: "update martlet_data.segments set pinned_at = pinned_at - interval '6 seconds'")
    }

    private func vacuum(_ connection: PQConnection) async throws {
        try await connection.execute(script: "vacuum martlet_data.ready_3")
    }

    /// Up to the point where autovacuum is on for it.
    private func clean(_ connection: PQConnection) async throws {
        #expect(try await retire(connection) == false)
        try await wait(connection)
        try await eventually("autovacuum is on") {
            #expect(try await retire(connection) == false)
            return try await isVacuumed(connection)
        }
    }

    private func isVacuumed(_ connection: PQConnection) async throws -> Bool {
        try await connection.value(
            "select coalesce('autovacuum_enabled=on' = any (reloptions), false) from pg_class where oid = 'martlet_data.ready_3'::regclass"
        ) == "true"
    }

    private func pages(_ connection: PQConnection) async throws -> Int {
        Int(try await connection.value("select pg_relation_size('martlet_data.ready_3') / 8192") ?? "") ?? -1
    }

    /// `is_free pinned reused_pages`
    private func state(_ connection: PQConnection) async throws -> String? {
        try await connection.value(
            "select concat_ws(' ', is_free, pinned_at is not null, reused_pages) from martlet_data.segments where kind = 'ready' and slot = 3"
        )
    }

    /// Versions of what a retirement may change: equal when nothing was written.
    private func versions(_ connection: PQConnection) async throws -> String? {
        try await connection.value(
            """
            select concat_ws(' ', s.xmin, s.ctid, c.xmin, c.ctid) from martlet_data.segments s, pg_class c
            where s.kind = 'ready' and s.slot = 3 and c.oid = 'martlet_data.ready_3'::regclass
            """)
    }

    @Test("it is free once it was cleaned, takes new rows into its old pages, and they are claimed in order")
    func recycled() async throws {
        try await pinned { _, store, connection, _ in
            let pages = try await pages(connection)
            try await clean(connection)
            try await vacuum(connection)
            #expect(try await retire(connection))
            #expect(try await state(connection) == "t f \(pages)")
            #expect(try await isVacuumed(connection) == false)

            while try await store.run(AdvanceRing(kind: .ready, lane: 1)) != 3 {}
            try await connection.execute(script: Self.fill + Self.flush)
            let part = try #require(try await store.run(LoadRingParts()).first { $0.kind == .ready && $0.number == 3 })
            #expect(part.pages == Int64(pages) && part.reusedPages == pages && part.insertedRows == Self.rows)
            var last: Int64 = 0
            for batch in 0..<3 {
                let answer = try await store.claim(1000, from: last + 1, claim: Int32(batch))
                #expect(
                    Set(answer.messages.map(\.lease.messageID.rawValue))
                        == Set(Int64(batch * 1000 + 1)...Int64(batch * 1000 + 1000)))
                last = try #require(answer.last)
            }
            #expect(try await store.claim(1).messages.isEmpty)
        }
    }

    @Test("once the readers are gone it is truncated, wherever it stood, and autovacuum is off", arguments: [1, 2, 3])
    func readersGone(steps: Int) async throws {
        try await pinned { _, _, connection, reader in
            if steps == 1 { #expect(try await retire(connection) == false) } else { try await clean(connection) }
            if steps == 3 {
                try await vacuum(connection)
                #expect(try await retire(connection))
                let before = try await versions(connection)
                #expect(try await retire(connection) == false)
                #expect(try await versions(connection) == before)
            }
            #expect(try await pages(connection) > 0)
            try await reader.execute(script: "commit")
            #expect(try await retire(connection))
            #expect(try await pages(connection) == 0)
            #expect(try await state(connection) == "t f 0")
            #expect(try await isVacuumed(connection) == false)
        }
    }

    @Test("nothing is written beside a reader that has just come, nor while there are rows in it")
    func noChurn() async throws {
        try await pinned { _, _, connection, _ in
            #expect(try await retire(connection) == false)
            let noted = try await versions(connection)
            for _ in 1...3 { #expect(try await retire(connection) == false) }
            #expect(try await versions(connection) == noted)

            try await connection.execute(
                script: "\(Self.fill) update martlet_data.segments set pinned_at = null; \(Self.flush); select setseed(0.5)")
            let full = try await versions(connection)
            for _ in 1...3 { #expect(try await retire(connection) == false) }
            #expect(try await versions(connection) == full)
        }
    }

    @Test("a row that makes it in after it was noted is seen: autovacuum stays off")
    func notEmpty() async throws {
        try await pinned { _, store, connection, _ in
            #expect(try await retire(connection) == false)
            try await connection.execute(script: Self.insert)
            try await wait(connection)
            #expect(try await retire(connection) == false)
            #expect(try await state(connection) == "f f 0")
            #expect(try await isVacuumed(connection) == false)
            #expect(try await store.claim(10).messages.count == 1)
        }
    }

    @Test(
        "a session that writes to it, or vacuums it, is neither waited for nor overtaken",
        arguments: ["row exclusive", "share update exclusive"], [false, true])
    func locked(mode: String, isCleaned: Bool) async throws {
        try await pinned { scratch, _, connection, _ in
            if isCleaned {
                try await clean(connection)
                try await vacuum(connection)
            } else {
                #expect(try await retire(connection) == false)
                try await wait(connection)
            }
            let other = try await scratch.connect()
            try await other.execute(script: "begin; lock table martlet_data.ready_3 in \(mode) mode")
            #expect(try await retire(connection) == false)
            #expect(try await isVacuumed(connection) == isCleaned)
            #expect(try await state(connection)?.hasPrefix("f") == true)
            try await other.execute(script: "commit")
            if !isCleaned {
                try await clean(connection)
                try await vacuum(connection)
            }
            #expect(try await retire(connection))
        }
    }

    @Test("an enqueue that is open while it is cleaned is not lost")
    func openEnqueue() async throws {
        try await pinned { scratch, store, connection, _ in
            try await clean(connection)
            let slow = try await scratch.connect()
            try await slow.execute(script: "begin; \(Self.insert)")
            try await vacuum(connection)
            #expect(try await retire(connection) == false)
            try await slow.execute(script: "commit; \(Self.flush)")
            #expect(try await retire(connection) == false)
            #expect(try await store.claim(10).messages.count == 1)
            try await eventually("the claim's row is cleaned up") {
                try await vacuum(connection)
                return try await retire(connection)
            }
            #expect(try await connection.ready() == 0)
        }
    }

    @Test("while a snapshot may still see its rows autovacuum is not sent there in vain; then it is cleaned beside other readers")
    func youngRows() async throws {
        try await pinned(reader: "repeatable read") { scratch, _, connection, reader in
            #expect(try await retire(connection) == false)
            try await wait(connection)
            let before = try await versions(connection)
            for _ in 1...2 { #expect(try await retire(connection) == false) }
            #expect(try await versions(connection) == before)
            #expect(try await isVacuumed(connection) == false)
            let next = try await scratch.connect()
            try await next.execute(script: "begin; select count(*) from martlet_data.ready_3")
            #expect(try await reader.value("select count(*) from martlet_data.ready_3") == "\(Self.rows)")
            try await reader.execute(script: "commit")
            // Snapshots know the transactions of other tests' databases too.
            try await eventually("autovacuum is on") {
                #expect(try await retire(connection) == false)
                return try await isVacuumed(connection)
            }
            try await vacuum(connection)
            #expect(try await retire(connection))
        }
    }

    @Test("dead rows that a vacuum had to leave keep it from being used again")
    func deadRows() async throws {
        try await pinned { scratch, _, connection, _ in
            try await clean(connection)
            let old = try await scratch.connect()
            try await old.execute(script: "begin isolation level repeatable read; select 1")
            // A row that comes and goes while it is cleaned, and that the old snapshot may still see.
            try await connection.execute(script: "\(Self.insert); delete from martlet_data.ready_3; \(Self.flush)")
            for _ in 1...2 {
                try await vacuum(connection)
                #expect(try await retire(connection) == false)
            }
            try await old.execute(script: "commit")
            try await eventually("they are cleaned up") {
                try await vacuum(connection)
                return try await retire(connection)
            }
        }
    }

    @Test("autovacuum does the cleaning by itself", .timeLimit(.minutes(2)))
    func autovacuum() async throws {
        try await pinned { _, _, connection, _ in
            try await clean(connection)
            try await eventually(within: .seconds(90), poll: .milliseconds(200), "autovacuum has been there") {
                try await retire(connection)
            }
            #expect(
                try await connection.value("select pg_stat_get_last_vacuum_time('martlet_data.ready_3'::regclass) is null")
                    == "true")
            #expect(
                try await connection.value(
                    "select reltuples = 0 and relpages > 0 from pg_class where oid = 'martlet_data.ready_3'::regclass")
                    == "true")
        }
    }

    @Test(
        "while readers come and go, enqueues, claims, rotation and vacuum at once lose no message and claim none twice",
        .timeLimit(.minutes(3)))
    func churn() async throws {
        try await ScratchDatabase.migrated(connections: 8) { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            let tally = Tally(producers: 2)
            let claimed = try await withThrowingTaskGroup(of: [MessageID].self) { group in
                for _ in 1...2 { group.addTask { try await tally.produce(scratch.connect()) } }
                for session in 1...2 {
                    group.addTask { try await tally.claim(store, session: Int32(session), scratch.connect()) }
                }
                group.addTask { try await tally.rotate(store, scratch.connect(), reader: scratch.connect()) }
                return try await group.reduce(into: [MessageID]()) { $0 += $1 }
            }
            let enqueued = await tally.enqueued
            #expect(claimed.count == enqueued && Set(claimed).count == enqueued)
            #expect(try await connection.value("select count(*) from martlet_data.leased") == "\(enqueued)")
            #expect(try await connection.ready() == 0)
        }
    }

    @Test("leased and due parts are used again likewise", arguments: [LoadRingParts.Kind.leased, .due])
    func otherRings(kind: LoadRingParts.Kind) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            let table = "martlet_data.\(kind.rawValue)_1"
            try await connection.execute(script: Fixture.someRows(kind))
            #expect(try await store.run(AdvanceRing(kind: kind, lane: 0)) == 2)
            let reader = try await scratch.connect()
            try await reader.execute(script: "begin; lock table \(table) in access share mode")
            try await connection.execute(script: "delete from \(table); \(Self.flush)")
            let retire = RetireRingPart(kind: kind, part: 1)
            #expect(try await store.run(retire) == false)
            try await wait(connection)
            #expect(try await store.run(retire) == false)
            try await eventually("it was cleaned") {
                try await connection.execute(script: "vacuum \(table)")
                return try await store.run(retire)
            }
            while try await store.run(AdvanceRing(kind: kind, lane: 0)) != 1 {}
            let part = try #require(try await store.run(LoadRingParts()).first { $0.kind == kind && $0.number == 1 })
            #expect(part.reusedPages > 0 && !part.isFree)
        }
    }
}

extension Fixture {
    /// A few rows in part 1 of `leased` or `due`.
    fileprivate static func someRows(_ kind: LoadRingParts.Kind) -> String {
        kind == .leased
            ? """
            insert into martlet_data.leased (slot, message_id, lane, attempt, burned, resends, deaths, series, session, claim, deadline)
                select 1, n, 0, 1, 0, 0, 0, 0, 1, 1, now() from generate_series(1, 300) n
            """
            : "insert into martlet_data.due (slot, due_at, message_id, lane, reason) select 1, now(), n, 0, 'retry' from generate_series(1, 300) n"
    }
}

/// Producers, claimers and one who rotates, until some parts were used again and every message is leased.
private actor Tally {
    private(set) var enqueued = 0
    private var reused = 0
    private var producers: Int

    init(producers: Int) { self.producers = producers }

    private func count() { enqueued += 1 }
    private func count(reused more: Int) { reused += more }
    private func producerEnds() { producers -= 1 }
    private var isEnough: Bool { enqueued >= 200 && reused >= 5 }

    nonisolated func produce(_ connection: PQConnection) async throws -> [MessageID] {
        for round in 1... {
            // Now and then one that stays open across a rotation.
            try await connection.execute(script: "begin; \(Fixture.enqueue); select pg_sleep(\(round % 10 == 0 ? 0.05 : 0))")
            try await connection.execute(script: "commit")
            await count()
            if await isEnough { break }
        }
        await producerEnds()
        return []
    }

    /// Claims from every part of the lane, free ones too, from the start.
    nonisolated func claim(_ store: Database, session: Int32, _ connection: PQConnection) async throws -> [MessageID] {
        var mine: [MessageID] = []
        var claim: Int32 = 0
        while try await isUnfinished(connection) {
            for part in try await store.run(LoadRingParts()) where part.kind == .ready && part.lane == 1 {
                claim += 1
                mine += try await store.claim(7, part: part.number, session: session, claim: claim).messages.map(
                    \.lease.messageID)
            }
        }
        return mine
    }

    private func isUnfinished(_ connection: PQConnection) async throws -> Bool {
        let leased = try await connection.value("select count(*) from martlet_data.leased")
        return producers > 0 || leased != "\(enqueued)"
    }

    /// As if six seconds passed all the time, while in two rounds of three a reader holds all parts.
    nonisolated func rotate(_ store: Database, _ connection: PQConnection, reader: PQConnection) async throws -> [MessageID] {
        for round in 1... {
            guard try await isUnfinished(connection) else { break }
            let step = ["commit", "begin; select count(*) from martlet_data.ready", "select count(*) from martlet_data.ready"][
                round % 3]
            try await reader.execute(script: step)
            _ = try await store.run(AdvanceRing(kind: .ready, lane: 1))
            for part in try await store.run(LoadRingParts()) where part.kind == .ready && part.lane == 1 {
                let retire = RetireRingPart(kind: .ready, part: part.number)
                if try await store.run(retire) { continue }
                try await connection.execute(
                    script: "update martlet_data.segments set pinned_at = pinned_at - interval '6 seconds'")
                if try await store.run(retire) { continue }
                try await connection.execute(script: "vacuum martlet_data.ready_\(part.number)")
                guard try await store.run(retire) else { continue }
                let pages = "select reused_pages from martlet_data.segments where kind = 'ready' and slot = \(part.number)"
                if try await connection.value(pages) != "0" { await count(reused: 1) }
            }
        }
        return []
    }
}
