import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@Suite("An enqueue wakes the worker that sleeps for all, and says nothing to one that is awake")
struct WatchTests {
    private static func watch(_ connection: StoreConnection, elects: Bool = true, holds: Bool = false, sleeps: Bool = false)
        async throws -> WaitForMessages.Answer
    {
        try await connection.run(WatchQueue(elects: elects, holds: holds, sleeps: sleeps, promotes: true))
    }

    /// How often the session has been woken, once `marker` was heard, too, which is sent after all of them.
    private final class Heard: Sendable {
        private let count = Mutex(0)
        func add() { count.withLock { $0 += 1 } }
        var value: Int { count.withLock { $0 } }
    }

    @Test("asleep it hears of each commit; awake of none; awake again after the sleep of a dead one has lapsed")
    func woken() async throws {
        try await ScratchDatabase.migrated(connections: 2) { scratch, store in
            let other = try await scratch.connect()
            try await other.execute(script: Fixture.policy)
            try await store.withConnection { session in
                #expect(try await session.whyNotWoken() == nil)
                let before = try await Self.watch(session)
                #expect(before.elected && !before.isDue)
                let heard = Heard()
                let notifications = try await session.notifications()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { for await _ in notifications { heard.add() } }
                    try await other.enqueue(1)
                    let asleep = try await Self.watch(session, holds: true, sleeps: true)
                    #expect(
                        asleep.probe.sequence > before.probe.sequence, "what came before it slept is seen by the look itself"
                    )
                    // One transaction, one word, when it commits.
                    try await other.execute(script: "begin; \(Fixture.enqueue); \(Fixture.enqueue)")
                    try await other.execute(script: "commit")
                    try await eventually(within: .seconds(10), "woken") { heard.value == 1 }
                    _ = try await Self.watch(session, holds: true, sleeps: false)
                    try await other.enqueue(1)
                    try await other.execute(script: "notify martlet_ready")
                    try await eventually(within: .seconds(10), "the marker") { heard.value >= 2 }
                    #expect(heard.value == 2, "the enqueue said nothing")
                    try await session.setListening(false)
                    _ = try await Self.watch(session, holds: true, sleeps: true)
                    let until = try await other.value(
                        "select (pg_sequence_last_value('martlet_data.sleeper') - date_part('epoch', clock_timestamp()) * 1000 between 1 and 3000)::text"
                    )
                    #expect(until == "true", "should it die, no notification is sent for longer than that")
                    group.cancelAll()
                }
            }
        }
    }

    @Test("one session waits for all; another is elected when it gives that up, or when its connection ends")
    func elected() async throws {
        try await ScratchDatabase.migrated(connections: 3) { scratch, store in
            let other = try await scratch.connect()
            try await store.withConnection { first in
                #expect(try await Self.watch(first).elected)
                try await store.withConnection { second in
                    #expect(try await !Self.watch(second).elected)
                    #expect(try await Self.watch(first, holds: true).elected)
                    #expect(try await !Self.watch(first, elects: false, holds: true).elected)
                    #expect(try await Self.watch(second).elected)
                    #expect(try await !Self.watch(first).elected)
                    let held = "select pid::text from pg_locks where locktype = 'advisory' and classid = 7340009 and granted"
                    let process = try #require(try await other.value(held))
                    _ = try await other.value("select pg_terminate_backend(\(process))::text")
                    try await eventually(within: .seconds(10), "the first is elected") { try await Self.watch(first).elected }
                }
            }
        }
    }
}
