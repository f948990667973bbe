import Domain
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite("Only the lease's owner moves a message, and only once")
struct GuardTests {
    static let ways = ["hand back", "finish", "defer", "dead letter", "finish accepted"]

    /// Runs one of the statements that end a lease; answers the ids that moved.
    private static func end(_ store: Database, _ way: String, _ lease: Lease) async throws -> [MessageID] {
        switch way {
        case "hand back":
            var statement = HandBack(part: lease.part)
            statement.add(lease)
            return try await store.run(statement)
        case "finish":
            var statement = Finish(part: lease.part)
            statement.add(lease, kind: "accepted", attempt: 1, provider: "p")
            return try await store.run(statement)
        case "defer":
            var statement = DeferMessages(part: lease.part)
            statement.add(
                lease, until: lease.deadline, reason: "retry", attempt: 1, countedAttempts: 1, resends: 0, receipt: "deferred",
                answeredAttempt: 1,
                provider: "p")
            return try await store.run(statement)
        case "finish accepted":
            var statement = FinishAccepted(part: lease.part, session: lease.session)
            statement.add(lease, attempt: 1, provider: "p", reference: "r")
            do { try await store.run(statement) } catch let error as StoreError where error.isLeaseLost {
                return []
            }
            return [lease.messageID]
        default:
            var statement = InsertDeadLetters(part: lease.part)
            let reason = DeadLetterReason(code: "rejected", explanation: "It was rejected.", remedy: "Ask.")
            statement.add(lease, attempt: 1, provider: "p", reason: reason)
            return try await store.run(statement)
        }
    }

    private static let places = """
        select concat_ws(' ', (select count(*) from martlet_data.ready), (select count(*) from martlet_data.leased),
            (select count(*) from martlet_data.due), (select count(*) from martlet_data.dead_letters),
            (select count(*) from martlet_data.receipts where not stale), (select count(*) from martlet_data.receipts where stale))
        """

    private func claimed(_ body: @Sendable (PQConnection, Database, Lease) async throws -> Void) async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            try await connection.enqueue(1)
            try await body(connection, store, try #require(try await store.claim(1).messages.first).lease)
        }
    }

    @Test(
        "the owner moves it to where it belongs",
        arguments: zip(ways, ["1 0 0 0 0 0", "0 0 0 0 1 0", "0 0 1 0 1 0", "0 0 0 1 1 0", "0 0 0 0 1 0"]))
    func owner(way: String, places: String) async throws {
        try await claimed { (connection, store, lease) async throws -> Void in
            #expect(try await Self.end(store, way, lease) == [lease.messageID])
            #expect(try await connection.value(Self.places) == places)
        }
    }

    @Test("another session, another claim or another place moves nothing; evidence is kept as stale", arguments: ways)
    func strangers(way: String) async throws {
        try await claimed { (connection, store, lease) async throws -> Void in
            var session = lease
            session.session += 1
            var claim = lease
            claim.claim += 1
            var message = lease
            message.messageID = MessageID(lease.messageID.rawValue + 1)
            for wrong in [session, claim, message] { #expect(try await Self.end(store, way, wrong) == []) }
            let stale = ["finish", "defer"].contains(way) ? 3 : 0
            #expect(try await connection.value(Self.places) == "0 1 0 0 0 \(stale)")
        }
    }

    @Test("a second time moves nothing", arguments: ways)
    func twice(way: String) async throws {
        try await claimed { connection, store, lease in
            _ = try await Self.end(store, way, lease)
            let before = try await connection.value(
                "select concat((select count(*) from martlet_data.ready), (select count(*) from martlet_data.due), (select count(*) from martlet_data.dead_letters))"
            )
            #expect(try await Self.end(store, way, lease) == [])
            #expect(
                try await connection.value(
                    "select concat((select count(*) from martlet_data.ready), (select count(*) from martlet_data.due), (select count(*) from martlet_data.dead_letters))"
                ) == before)
            let stale = ["finish", "defer"].contains(way) ? "1" : "0"
            #expect(try await connection.value("select count(*) from martlet_data.receipts where stale") == stale)
        }
    }

    @Test("a place that was used again for another message is not mistaken for the old one")
    func reusedPlace() async throws {
        try await claimed { connection, store, lease in
            _ = try await Self.end(store, "hand back", lease)
            try await connection.execute(script: "vacuum martlet_data.leased_1")
            let again = try #require(try await store.claim(1, claim: 9).messages.first).lease
            #expect(again.row == lease.row, "this test needs the place to be used again")
            for way in Self.ways { #expect(try await Self.end(store, way, lease) == []) }
            #expect(try await connection.value("select count(*) from martlet_data.leased") == "1")
        }
    }

    @Test("what a message carries comes back from every detour: attempts, resends, deaths, series")
    func counters() async throws {
        try await claimed { connection, store, lease in
            var back = HandBack(part: lease.part)
            back.add(lease, lane: 8, attempt: 4, workerCrashes: 2)
            _ = try await store.run(back)
            #expect(
                try await connection.value(
                    "select concat_ws(' ', attempt, burned, resends, deaths, series) from martlet_data.ready") == "4 0 0 2 0")
            let part = try #require(try await connection.value("select slot from martlet_data.ready"))
            #expect(
                try await connection.value("select lane from martlet_data.segments where kind = 'ready' and slot = \(part)")
                    == "8")
            let again = try #require(try await store.claim(1, part: Int16(part) ?? 0).messages.first).lease
            #expect(again.attempt == 4 && again.workerCrashes == 2)
        }
    }

    @Test("a session that freezes while it holds a lock of the cluster loses it after 5 s")
    func frozen() async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let connection = try await scratch.connect()
            let locks: [any Statement] = [
                AdmitLock(session: 1, buckets: []), RecordLock(session: 1), RescueLock(session: 1), TryDuty(duty: 2),
            ]
            for lock in locks {
                let setting = PQCall("setting", "select current_setting('idle_in_transaction_session_timeout')")
                let rows = try await connection.pipeline([.begin, lock.call, setting, .rollback])
                #expect(try rows[2].only.text(0) == "5s", "\(type(of: lock).name)")
            }
        }
    }

    @Test("an attempt's slot is given back once")
    func releaseSlot() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            let connection = try await scratch.connect()
            func hit(_ id: Int, _ attempt: Int, reserved: Int = 0) -> String {
                "int8send(\(id)) || int8send(0) || int2send(\(attempt)::int2) || int2send(1::int2) || int2send(1::int2) || int2send(\(reserved)::int2)"
            }
            try await connection.execute(
                script:
                    "insert into martlet_data.cap_usage values ('k', \(hit(7, 1)) || \(hit(8, 1)) || \(hit(7, 2)) || \(hit(9, 1, reserved: 1)))"
            )
            func release(_ id: Int64, _ attempt: Int16) async throws -> Int64 {
                var statement = ReleaseSlots()
                statement.recipientKeys = ["k"]
                statement.messageIDs = [MessageID(id)]
                statement.attempts = [attempt]
                return try await store.run(statement)
            }
            #expect(try await release(8, 1) == 1)
            #expect(try await release(8, 1) == 0)
            #expect(try await release(7, 3) == 0)
            #expect(try await release(9, 1) == 0, "a reservation is no slot")
            #expect(
                try await connection.value(
                    "select hits = \(hit(7, 1)) || \(hit(7, 2)) || \(hit(9, 1, reserved: 1)) from martlet_data.cap_usage")
                    == "true")
        }
    }

    @Test("while a session's lock is taken for rescue its worker neither admits nor records, and the other way round")
    func rescueLock() async throws {
        try await ScratchDatabase.migrated { scratch, store in
            try await store.withConnection { rescuer in
                _ = try await rescuer.begin(RescueLock(session: 7))
                let answer = try await store.run(AdmitLock(session: 7, buckets: []))
                #expect(!answer.isOurs)
                #expect(try await store.run(AdmitLock(session: 8, buckets: [])).isOurs)
                await rescuer.rollbackAfterError()
            }
            try await store.withConnection { worker in
                _ = try await worker.begin(AdmitLock(session: 7, buckets: [3]))
                #expect(try await store.run(RescueLock(session: 7)) == false)
                let other = try await store.run(AdmitLock(session: 7, buckets: [3]))
                #expect(other.isOurs && other.busy.isEmpty, "shared with other admissions")
                await worker.rollbackAfterError()
            }
        }
    }
}
