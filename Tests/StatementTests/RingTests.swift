import Domain
import Postgres
import Store
import TestSupport
import Testing

@Suite("Rings: what is appended is claimed once, and parts are given back only when nothing can be lost")
struct RingTests {
    @Test("a claim takes at most the limit, in order, from the lower bound on and below the upper one")
    func bounds() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(50)
            // A call that was held up leaves a number unused.
            let numbers = try await connection.value("select string_agg(seq::text, ' ' order by seq) from martlet_data.ready")
            let positions = (numbers ?? "").split(separator: " ").compactMap { Int64($0) }
            try #require(positions.count == 50)
            let first = try await store.claim(7)
            #expect(first.messages.count == 7)
            #expect(first.last == positions[6])
            let bounded = try await store.claim(100, from: positions[19], below: positions[24], claim: 2)
            #expect(bounded.messages.count == 5)
            #expect(bounded.last == positions[23])
            #expect(try await connection.ready() == 38)
            let message = try #require(bounded.messages.first?.message)
            #expect(message.address == "+8613800138000" && message.template == "parcel")
            #expect(bounded.messages.allSatisfy { $0.lease.claim == 2 && $0.lease.session == 1 && $0.lease.lane == 1 })
        }
    }

    @Test("a claim skips what another worker has locked, and finds it after that worker's rollback")
    func skipsLocked() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let other = try await scratch.connect()
            try await other.execute(script: Fixture.policy)
            try await other.enqueue(10)
            try await other.execute(
                script:
                    "begin; select from martlet_data.ready_3 where seq in (select seq from martlet_data.ready_3 order by seq limit 4) for update"
            )
            let answer = try await store.claim(100)
            #expect(answer.messages.count == 6)
            try await other.execute(script: "rollback")
            #expect(try await store.claim(100, from: answer.last ?? 0, claim: 2).messages.isEmpty)
            #expect(try await store.claim(100, claim: 3).messages.count == 4)
        }
    }

    @Test("what commits late, behind the hint, is found by a claim from 0")
    func lateCommit() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let slow = try await scratch.connect()
            let fast = try await scratch.connect()
            try await slow.execute(script: Fixture.policy)
            try await slow.execute(script: "begin; \(Fixture.enqueue)")
            try await fast.enqueue(3)
            let hint = try #require(try await store.claim(100).last) + 1
            let probe = try await store.run(QueueProbe())
            let oldest = probe.open.first ?? probe.limit
            #expect(oldest < probe.nextTransaction, "an older transaction is open, so the hint may not be trusted")
            try await slow.execute(script: "commit")
            #expect(try await store.claim(100, from: hint, claim: 2).messages.isEmpty)
            #expect(try await store.claim(100, from: 0, claim: 3).messages.count == 1)
        }
    }

    @Test("a transaction takes its number before its place in the lane")
    func numberBeforePlace() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(1)
            let before = try await store.run(QueueProbe())
            try await connection.execute(script: "begin; \(Fixture.enqueue)")
            let during = try await store.run(QueueProbe())
            #expect(during.sequence == before.sequence + 1)
            let number = try #require(Int64(try await connection.value("select pg_current_xact_id()::text") ?? ""))
            // The probe may count one too many; that only makes the lane wait longer.
            #expect(number >= before.nextTransaction - 1, "it had none yet when the sequence was read")
            #expect(during.open.contains(number) || number >= during.limit, "a probe shows it as open")
            try await connection.execute(script: "rollback")
        }
    }

    @Test("a message whose body is missing is claimed all the same, as an error to be seen")
    func missingBody() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(1)
            try await connection.execute(script: "delete from martlet_data.messages")
            let answer = try await store.claim(10)
            #expect(answer.messages.count == 1)
            #expect(answer.messages.first?.message == nil)
        }
    }

    @Test("eight connections claiming at once take each of ten thousand messages exactly once")
    func exactlyOnce() async throws {
        try await ScratchDatabase.migrated(connections: 8) { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(10_000)
            let claimed = try await withThrowingTaskGroup(of: [MessageID].self) { group in
                for worker in 1...8 {
                    group.addTask {
                        var mine: [MessageID] = []
                        var claim: Int32 = 0
                        while true {
                            claim += 1
                            let answer = try await store.claim(100, session: Int32(worker), claim: claim)
                            if answer.messages.isEmpty { return mine }
                            mine += answer.messages.map(\.lease.messageID)
                        }
                    }
                }
                return try await group.reduce(into: [MessageID]()) { $0 += $1 }
            }
            #expect(claimed.count == 10_000)
            #expect(Set(claimed).count == 10_000)
            #expect(try await connection.value("select count(*) from martlet_data.leased") == "10000")
        }
    }

    @Test("promotion moves what is due, and only that, once")
    func promotion() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.execute(
                script: """
                    insert into martlet_data.due (slot, due_at, message_id, lane, reason, attempt, burned)
                    select 1, clock_timestamp() + make_interval(mins => n), n + 100, 1, 'retry', 2, 1 from generate_series(-4, 5) n
                    """)
            #expect(try await store.run(PromoteDue(part: 1, limit: 3)).count == 3)
            #expect(try await store.run(PromoteDue(part: 1)).count == 2)
            #expect(try await store.run(PromoteDue(part: 1)).count == 0)
            #expect(
                try await connection.value(
                    "select string_agg(message_id::text, ' ' order by seq) from martlet_data.ready_3 where attempt = 2 and burned = 1"
                )
                    == "96 97 98 99 100")
            #expect(try await connection.value("select count(*) from martlet_data.due") == "5")
        }
    }
}

@Suite("Parts are given back by TRUNCATE, which never waits and never takes a row with it")
struct RetireTests {
    /// Lane 1 with its appends moved from part 3 to the next.
    private func rotated(
        _ body: @Sendable (ScratchDatabase, Database, PQConnection) async throws -> Void
    ) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await body(scratch, store, connection)
        }
    }

    /// Others keep their locks until later: a wait for one would end at this limit, with an error.
    private func retire(_ store: Database, _ part: Int16 = 3) async throws -> Bool {
        try await store.run(RetireRingPart(kind: .ready, part: part), within: .seconds(20))
    }

    @Test("an empty part is given back, and is used again before the ring grows further")
    func empty() async throws {
        try await rotated { (_, store, connection) async throws -> Void in
            #expect(try await store.run(AdvanceRing(kind: .ready, lane: 1)) == 4)
            #expect(try await retire(store))
            #expect(
                try await connection.value("select is_free from martlet_data.segments where kind = 'ready' and slot = 3")
                    == "true")
            let next = [
                try await store.run(AdvanceRing(kind: .ready, lane: 1)),
                try await store.run(AdvanceRing(kind: .ready, lane: 1)),
            ]
            #expect(next.contains(3))
        }
    }

    @Test("the part that takes appends is never given back")
    func current() async throws {
        try await rotated { (_, store, _) async throws -> Void in
            #expect(try await retire(store) == false)
        }
    }

    @Test("one with a row in it stays")
    func notEmpty() async throws {
        try await rotated { _, store, connection in
            try await connection.enqueue(1)
            _ = try await store.run(AdvanceRing(kind: .ready, lane: 1))
            #expect(try await retire(store) == false)
            #expect(try await connection.ready() == 1)
            _ = try await store.claim(1)
            #expect(try await retire(store))
        }
    }

    @Test("an enqueue that is open across the rotation is not lost")
    func openEnqueue() async throws {
        try await rotated { scratch, store, connection in
            let slow = try await scratch.connect()
            try await slow.execute(script: "begin; \(Fixture.enqueue)")
            _ = try await store.run(AdvanceRing(kind: .ready, lane: 1))
            #expect(try await retire(store) == false)
            try await slow.execute(script: "commit")
            #expect(try await retire(store) == false)
            #expect(try await store.claim(10).messages.count == 1)
            #expect(try await retire(store))
        }
    }

    @Test("a reader pins it; a claim of another lane does not wait for that")
    func pinned() async throws {
        try await rotated { scratch, store, connection in
            let reader = try await scratch.connect()
            try await reader.execute(script: "begin isolation level repeatable read; select count(*) from martlet_data.ready_3")
            _ = try await store.run(AdvanceRing(kind: .ready, lane: 1))
            #expect(try await retire(store) == false)
            try await connection.enqueue(1)
            #expect(try await store.claim(10, part: 4).messages.count == 1)
            try await reader.execute(script: "commit")
            #expect(try await retire(store))
        }
    }

    @Test("at REPEATABLE READ it refuses: the look would be older than the lock")
    func isolation() async throws {
        try await rotated { scratch, store, connection in
            _ = try await store.run(AdvanceRing(kind: .ready, lane: 1))
            let error = await #expect(throws: PQError.self) {
                try await connection.execute(
                    script: "begin isolation level repeatable read; select martlet_data.retire_segment('ready', 3::int2)")
            }
            #expect(error?.sqlstate == "MT900")
        }
    }

    @Test("the ring grows when no part is free, and every part has its own number")
    func growth() async throws {
        try await rotated { scratch, store, connection in
            var parts: [Int16] = [3]
            for _ in 1...4 {
                try await connection.enqueue(1)
                parts.append(try await store.run(AdvanceRing(kind: .ready, lane: 1)))
            }
            #expect(Set(parts).count == 5)
            try await connection.enqueue(1)
            #expect(try await connection.value("select count(distinct slot) from martlet_data.ready") == "5")
            for part in parts { #expect(try await store.claim(10, part: part).messages.count == 1) }
            let worker = try await scratch.connect()
            try await worker.execute(script: "set role martlet_worker; select from martlet_data.ready_\(parts[4])")
        }
    }

    /// A ring moves on each half second at most. Here it does forty times at once, and a statement that began two advances ago finds no place: it is
    /// refused whole, and is tried again.
    private func enqueueWhileRingMoves(_ connection: PQConnection) async throws {
        while true {
            do { return try await connection.enqueue(1) } catch let error as PQError where error.sqlstate == "23514" { continue }
        }
    }

    @Test("many advances and retirements at once keep the ring whole")
    func churn() async throws {
        try await ScratchDatabase.migrated(connections: 6) { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 1...40 { _ = try await store.run(AdvanceRing(kind: .ready, lane: 1)) } }
                group.addTask {
                    for _ in 1...20 {
                        for part in try await store.run(LoadRingParts()) where part.kind == .ready && part.lane == 1 {
                            _ = try await store.run(RetireRingPart(kind: .ready, part: part.number))
                        }
                    }
                }
                for _ in 1...2 {
                    group.addTask {
                        let own = try await scratch.connect()
                        for _ in 1...100 { try await enqueueWhileRingMoves(own) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await connection.ready() == 200)
        }
    }
}
