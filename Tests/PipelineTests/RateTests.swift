import Domain
import Postgres
import StageSupport
import Synchronization
import TestSupport
import Testing

@testable import Pipeline
@testable import Store

/// What workers were given of a line.
private final class Stretches: Sendable {
    struct Stretch {
        /// Where it ends on the line.
        var end: Timestamp
        /// When it was asked for, at the earliest.
        var asked: Timestamp
        var count: Int
        var worker: Int
    }
    private let stretches = Mutex<[Stretch]>([])
    var all: [Stretch] { stretches.withLock { $0 } }
    func add(_ stretch: Stretch) { stretches.withLock { $0.append(stretch) } }
    /// Each has one, and there are some of them.
    func isEnough(workers: Int) -> Bool {
        stretches.withLock { $0.count >= 2 * workers && Set($0.map(\.worker)).count == workers }
    }
}

@Suite("A provider's rate", .migratedDatabase)
struct RateTests {
    private static let start = ContinuousClock.now
    private static func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("a segment leaves at its instant or within the tolerance, never before and never after")
    func instants() {
        var tokens = RateTokens()
        tokens.add(4, from: Self.at(100), rate: 10)
        #expect(tokens.take(1, now: Self.at(99)) == false)
        #expect(tokens.take(1, now: Self.at(100)) == true)
        #expect(tokens.take(1, now: Self.at(100)) == false)
        tokens.dropLate(Self.at(230))
        #expect(tokens.take(1, now: Self.at(230)) == true, "30 ms late is in time")
        tokens.dropLate(Self.at(331))
        #expect(tokens.take(1, now: Self.at(331)) == false, "31 ms is not")
        #expect(tokens.count == 1)
        tokens.dropLate(Self.at(10_000))
        #expect(tokens.count == 0 && tokens.next == nil)
    }

    @Test("sixty providers that ask at once are two statements, and each gets its own answer")
    func together() async throws {
        let (opened, open) = AsyncStream<Void>.makeStream()
        let batches = Mutex<[Int]>([])
        let desk = RateDesk { questions in
            batches.withLock { $0.append(questions.count) }
            // The first is under way until all others have asked.
            if questions.count == 1 { for await _ in opened { break } }
            return questions.map { TakeRate.Answer(granted: Int($0.want), ahead: .zero) }
        }
        func question(_ number: Int32) -> TakeRate {
            TakeRate(provider: "p\(number)", rate: 20, want: number, need: 1, horizon: .milliseconds(400))
        }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await desk.take(question(1)).granted == 1 }
            try await eventually("the first is under way") { batches.withLock { $0 == [1] } }
            for number in 2...60 as ClosedRange<Int32> {
                group.addTask { try await desk.take(question(number)).granted == Int(number) }
            }
            try await eventually("all have asked") { desk.waitingCount == 59 }
            open.finish()
            for try await isRight in group { #expect(isRight) }
        }
        #expect(batches.withLock { $0 } == [1, 59])
    }

    @Test("what the database refuses is told to all that were asked together, and the next are asked again")
    func refused() async throws {
        struct Away: Error {}
        let count = Atomic(0)
        let desk = RateDesk { questions in
            if count.add(1, ordering: .relaxed).newValue == 1 { throw Away() }
            return questions.map { _ in TakeRate.Answer(granted: 1, ahead: .zero) }
        }
        let question = TakeRate(provider: "p", rate: 20, want: 1, need: 1, horizon: .milliseconds(400))
        await #expect(throws: Away.self) { _ = try await desk.take(question) }
        #expect(try await desk.take(question).granted == 1)
    }

    @Test("several lines are taken from by one statement as by several, whatever their order")
    func manyLines() async throws {
        let database = Database(DatabaseOptions(conninfo: try ScratchDatabase.required().conninfo, applicationName: "rates"))
        let questions = ["z", "a", "m", "z"].enumerated().map { index, name in
            TakeRate(provider: "many-\(name)", rate: 10, want: Int32(index + 1), need: 1, horizon: .seconds(2))
        }
        let answers = try await database.run(TakeAllRates(questions))
        #expect(answers.map(\.granted) == [1, 2, 3, 4])
        #expect(answers[3].ahead - answers[0].ahead > .milliseconds(90), "the second stretch of z is behind the first")
        await database.close()
    }

    @Test("a contract counts segments, or messages", arguments: [(false, 3), (true, 1)])
    func units(ratesMessages: Bool, price: Int) {
        var provider = ProviderPolicy(name: "p", transport: "sandbox", channels: [.sms], rate: 10)
        provider.ratesMessages = ratesMessages
        let work = Work.sample(provider: provider, parts: ["a", "b", "c"])
        #expect(ProviderQueue.Item.price(of: work, provider) == price)
    }

    @Test("a text of several segments leaves with its first one and takes the others, across stretches")
    func several() {
        var tokens = RateTokens()
        tokens.add(2, from: Self.at(0), rate: 10)
        #expect(tokens.take(3, now: Self.at(0)) == false)
        tokens.add(3, from: Self.at(500), rate: 10)
        #expect(tokens.take(3, now: Self.at(0)) == true)
        #expect(tokens.count == 2 && tokens.next == Self.at(600))
    }

    @Test(
        "eight workers that always want more share the line: no instant twice, none left out, no worker left behind",
        arguments: [200.0, 3])
    func shared(_ rate: Double) async throws {
        try await ScratchDatabase.migrated { scratch, _ in
            let stretches = Stretches()
            let limit = ContinuousClock.now + .seconds(60)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        let connection = try await scratch.connect()
                        while !stretches.isEnough(workers: 8), ContinuousClock.now < limit {
                            try await connection.execute(script: "begin")
                            let want = max(1, Int(rate / 20))
                            let asked = try await connection.value(
                                "select (extract(epoch from clock_timestamp()) * 1000000)::int8")
                            let granted = try await connection.value(
                                "select granted from martlet_data.take_rate('p', \(rate), \(want), 1, 0.4)")
                            let end = try await connection.value(
                                "select (extract(epoch from until) * 1000000)::int8 from martlet_data.rate_grants where xmin = pg_current_xact_id_if_assigned()::xid"
                            )
                            try await connection.execute(script: "commit")
                            if let end = end.flatMap({ Int64($0) }), let count = granted.flatMap({ Int($0) }) {
                                let asked = Timestamp(microseconds: asked.flatMap { Int64($0) } ?? 0)
                                stretches.add(
                                    .init(end: Timestamp(microseconds: end), asked: asked, count: count, worker: worker))
                            } else {
                                try await Task.sleep(for: .milliseconds(Int.random(in: 5...20)))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let line = stretches.all.sorted { $0.end < $1.end }
            for (one, next) in zip(line, line.dropFirst()) {
                let start = next.end - .seconds(1 / rate) * next.count
                #expect(start - one.end >= .microseconds(-10), "the line is given out once")
                // The present overtakes a line that no worker wanted for a while; from there on it is given out, and nothing is left out else.
                #expect(start - one.end <= .microseconds(10) || start >= next.asked - .microseconds(10), "and all of it")
            }
            #expect(line.count >= 16)
            #expect(Set(line.map(\.worker)).count == 8, "none is left out")
        }
    }

    @Test("an unused line begins at the present; a code may reach further ahead than others")
    func horizons() async throws {
        try await ScratchDatabase.migrated { _, store in
            // One segment in 100 s: however slow this machine is, the line does not move while we look.
            func take(
                _ want: Int32, _ need: Int32 = 1, horizon: Duration = .seconds(400), from provider: String = "p"
            ) async throws -> TakeRate.Answer {
                try await store.run(TakeRate(provider: provider, rate: 0.01, want: want, need: need, horizon: horizon))
            }
            let first = try await take(100)
            #expect(first.granted == 4 && first.ahead == .zero, "no further than the horizon")
            // 400 s less than the moment since then are given out: nothing is left within 300 s of the present.
            #expect(try await take(1, horizon: .seconds(300)).granted == 0)
            let long = try await take(1, 30, horizon: .seconds(2000))
            #expect(long.granted == 30 && long.ahead > .seconds(300), "a text of 30 segments gets what it needs")
            #expect(try await take(1, horizon: .seconds(2000)).granted == 0)
            #expect(try await take(1, from: "q").granted == 1)
        }
    }
}
