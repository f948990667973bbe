import Postgres
import Store
import TestSupport
import Testing

@Suite("One waits in the server for all: until something may have come, and no longer")
struct WaitTests {
    /// As long as a test may take; a wait that ends by itself fails the test by what it says.
    private static let long = Duration.seconds(20)

    private static func wait(_ probe: QueueProbe.Answer, open: [Int64] = [], promotes: Bool = false, for timeout: Duration = long)
        -> WaitForMessages
    {
        WaitForMessages(sequence: probe.sequence, open: open, poll: .milliseconds(2), timeout: timeout, promotes: promotes)
    }

    /// Returns when somebody waits.
    private static func held(_ connection: PQConnection) async throws {
        let waiting = """
            select count(*)::text from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()
            where l.locktype = 'advisory' and l.classid = 7340009 and l.granted
            """
        try await eventually(within: .seconds(10), "somebody waits") { try await connection.value(waiting) == "1" }
    }

    @Test("a committed enqueue ends it, with what is committed there to be claimed")
    func enqueued() async throws {
        try await ScratchDatabase.migrated(connections: 3) { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            let before = try await store.run(QueueProbe())
            async let answer = store.run(Self.wait(before))
            try await Self.held(connection)
            try await connection.enqueue(1)
            let woken = try await answer
            #expect(woken.elected && !woken.isDue && woken.probe.sequence > before.sequence)
            #expect(try await store.claim(10).messages.count == 1)
        }
    }

    @Test("a transaction that was open when it began ends it by its end, however long before it took its position")
    func lateCommit() async throws {
        try await ScratchDatabase.migrated(connections: 3) { scratch, store in
            let (connection, late) = (try await scratch.connect(), try await scratch.connect())
            try await connection.execute(script: Fixture.policy)
            try await late.execute(script: "begin; \(Fixture.enqueue)")
            // A later one has ended: the newest of the numbers no longer tells of the older.
            try await connection.enqueue(1)
            let before = try await store.run(QueueProbe())
            let number = try #require(Int64(try await late.value("select pg_current_xact_id()::text") ?? ""))
            #expect(before.open.contains(number))
            async let answer = store.run(Self.wait(before, open: [number]))
            try await Self.held(connection)
            try await late.execute(script: "commit")
            let woken = try await answer
            #expect(woken.probe.sequence == before.sequence && !woken.probe.open.contains(number))
            #expect(try await store.claim(10).messages.count == 2)
        }
    }

    @Test("what is due ends it for the worker that promotes, and for no other")
    func due() async throws {
        try await ScratchDatabase.migrated(connections: 3) { scratch, store in
            let connection = try await scratch.connect()
            try await connection.execute(script: Fixture.policy)
            let before = try await store.run(QueueProbe())
            async let answer = store.run(Self.wait(before, promotes: true))
            try await Self.held(connection)
            try await connection.execute(
                script: "insert into martlet_data.due (slot, due_at, message_id, lane, reason) values (1, now(), 3, 0, 'retry')")
            #expect(try await answer.isDue)
            let other = try await store.run(Self.wait(before, for: .milliseconds(50)))
            #expect(other.elected && !other.isDue)
            // Messages trickle in: each ends a wait, and what is due shows all the same.
            let among = WaitForMessages(
                sequence: before.sequence - 1, open: [], poll: .milliseconds(2), timeout: Self.long, promotes: true)
            #expect(try await store.run(among).isDue)
        }
    }

    @Test("a second is answered at once while the first waits, and waits itself once the first one's connection is cut")
    func election() async throws {
        try await ScratchDatabase.migrated(connections: 3) { scratch, store in
            let connection = try await scratch.connect()
            let before = try await store.run(QueueProbe())
            let first = Task { try await store.run(Self.wait(before)) }
            try await Self.held(connection)
            #expect(try await store.run(Self.wait(before)).elected == false)
            try await connection.execute(
                script:
                    "select pg_terminate_backend(pid) from pg_locks where classid = 7340009 and database = (select oid from pg_database where datname = current_database())"
            )
            await #expect(throws: StoreError.self) { _ = try await first.value }
            try await eventually(within: .seconds(10), "another one waits") {
                try await store.run(Self.wait(before, for: .milliseconds(20))).elected
            }
            #expect(try await store.run(Self.wait(before, for: .zero)).elected == false, "who may not claim does not wait")
        }
    }
}
