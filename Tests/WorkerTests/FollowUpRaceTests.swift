import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// Mails whose links are clicked at the very moment at which their hour is over; those who decide and those who write clicks down lose their
/// connections again and again.
@Suite("A click against the timer", .serialized)
struct FollowUpRaceTests {
    static let trials = 10_000
    /// The moments are spread over so long.
    static let span = Duration.seconds(8)

    @Test(
        "10,000 times at once: none or one, none when the click was acknowledged in time, one when there was none",
        .timeLimit(.minutes(5)))
    func race() async throws {
        try await Shop.with { shop in
            try await prepare(shop)
            let ids = try await shop.texts("select message_id::text from martlet_data.follow_ups order by message_id").compactMap
            { Int64($0) }
            #expect(ids.count == Self.trials)
            let start = try await shop.number("select extract(epoch from min(due_at)) * 1000000 from martlet_data.follow_ups")
            let shared = Shared()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<3 {
                    group.addTask {
                        let database = Self.racer(shop, "decider \(number)")
                        while !shared.isOver {
                            do {
                                if try await database.run(DecideFollowUps(limit: 20)).isEmpty {
                                    try await Task.sleep(for: .milliseconds(2))
                                }
                            } catch is StoreError {
                                continue  // its connection was cut; another one goes on
                            }
                        }
                        await database.close()
                    }
                }
                for number in 0..<4 {
                    group.addTask {
                        let mine = ids.indices.filter { $0 % 4 == number && $0 % 10 != 9 }
                        let early = try await Self.click(mine, of: ids, from: start, on: Self.racer(shop, "clicker \(number)"))
                        shared.inTime.withLock { $0.formUnion(early) }
                    }
                }
                group.addTask {
                    while !shared.isOver {
                        try await shop.script(
                            """
                            select pg_terminate_backend(pid) from pg_stat_activity
                            where datname = current_database() and application_name like 'racer %' order by random() limit 1
                            """)
                        // How often a connection is cut, not a wait for a result.
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                try await eventually(within: .seconds(90), "every follow-up is decided") {
                    try await shop.number("select count(*) from martlet_data.follow_ups where state = 'open'") == 0
                }
                shared.over.withLock { $0 = true }
                try await group.waitForAll()
            }
            try await judge(shop, ids: ids, inTime: shared.inTime.withLock { $0 })
        }
    }

    private final class Shared: Sendable {
        let over = Mutex(false)
        /// Whose click was acknowledged in time.
        let inTime = Mutex<Set<Int64>>([])
        var isOver: Bool { over.withLock { $0 } }
    }

    private static func racer(_ shop: Shop, _ name: String) -> Database {
        Database(DatabaseOptions(conninfo: shop.scratch.conninfo, applicationName: "racer \(name)", connections: 1))
    }

    /// Accepted so that the hours end one after the other, from two seconds from now on.
    private func prepare(_ shop: Shop) async throws {
        try await shop.script(
            """
            select count(martlet.follow_up(martlet.enqueue('transactional', 'email', 'p' || n || '@example.com', 'note', '{"text": "hello"}', recipient_key => 'p' || n),
                'not_clicked', 'sms', '+' || (440000000000 + n), '1 hour')) from generate_series(1, \(Self.trials)) n;
            delete from martlet_data.ready;
            insert into martlet_data.receipts (message_id, kind, attempt, at)
                select message_id, 'accepted', 1, clock_timestamp() - interval '1 hour' + interval '2 seconds'
                    + row_number() over (order by message_id) * interval '1 second' * \(Self.span.inSeconds) / \(Self.trials)
                from martlet_data.follow_ups;
            update martlet_data.follow_ups f set due_at = r.at + f.after from martlet_data.receipts r where r.message_id = f.message_id and r.kind = 'accepted';
            """)
    }

    /// Clicks each of `mine` a few milliseconds before or after its moment, many in one transaction, and again if that one failed. Answers
    /// those whose click was acknowledged before the moment, by the database's clock.
    private static func click(_ mine: [Int], of ids: [Int64], from start: Int, on database: Database) async throws -> [Int64] {
        let step = Int(span / .microseconds(1)) / trials
        // Most at the very moment, as near as a machine can hit it; the others so early that a busy one is in time for some.
        var waiting = mine.map {
            (
                index: $0,
                at: start + $0 * step + (Int.random(in: 0..<3) > 0 ? .random(in: -8000...8000) : .random(in: -600_000 ... -8000))
            )
        }.sorted { $0.at < $1.at }[...]
        var early: [Int64] = []
        while !waiting.isEmpty {
            do {
                let now = try await database.run(DatabaseClock())
                let ripe = waiting.prefix { $0.at <= now }
                guard !ripe.isEmpty else {
                    try await Task.sleep(for: .milliseconds(1))
                    continue
                }
                let rows = ripe.map {
                    InsertCarrierReceipts.Row(
                        messageID: MessageID(ids[$0.index]), attempt: 1, kind: "clicked", part: 1, provider: "links")
                }
                try await database.run(InsertCarrierReceipts(rows))
                let acknowledged = try await database.run(DatabaseClock())
                early += ripe.filter { acknowledged < start + $0.index * step }.map { ids[$0.index] }
                waiting = waiting.dropFirst(ripe.count)
            } catch is StoreError {
                continue  // its connection was cut: again, on another one
            }
        }
        await database.close()
        return early
    }

    private func judge(_ shop: Shop, ids: [Int64], inTime: Set<Int64>) async throws {
        let sent = Set(
            try await shop.texts("select message_id::text from martlet_data.follow_ups where state = 'sent'").compactMap {
                Int64($0)
            })
        // By what is in the queue, not by what the rows say of themselves.
        let seconds = try await shop.texts(
            "select recipient_key from martlet_data.messages where channel_id = (select id from martlet_data.channels where name = 'sms')"
        )
        let people = Set(seconds)
        #expect(people.count == seconds.count, "no person has two")
        let firsts = try await shop.texts(
            "select recipient_key from martlet_data.messages where id = any ('{\(sent.map(String.init).joined(separator: ","))}')"
        )
        #expect(Set(firsts) == people)
        #expect(try await shop.number("select count(*) from martlet_data.ready") == seconds.count)
        let unclicked = Set(ids.indices.filter { $0 % 10 == 9 }.map { ids[$0] })
        #expect(unclicked.isSubset(of: sent))
        #expect(inTime.isDisjoint(with: sent), "\(inTime.intersection(sent).count) of \(inTime.count)")
        let raced = sent.subtracting(unclicked).count
        let late = try await shop.number(
            "select count(*) from martlet_data.follow_ups f join martlet_data.receipts r using (message_id) where f.state = 'sent' and r.kind = 'clicked'"
        )
        #expect(late == raced, "every click was written down, also those that came too late")
        #expect(
            inTime.count > Self.trials / 20 && raced > Self.trials / 50,
            "it was a race: \(inTime.count) in time, \(raced) too late")
        print(
            "escalation race: \(Self.trials) trials, \(sent.count) second messages (\(raced) of them clicked too late), \(inTime.count) clicked in time, none twice"
        )
    }

    private struct DatabaseClock: Statement {
        var sql: String { "select (extract(epoch from clock_timestamp()) * 1000000)::int8" }
        func bind(_ parameters: inout PQParams) {}
        static func read(_ rows: PQRows) throws -> Int { Int(try rows.only.int8(0)) }
    }
}
