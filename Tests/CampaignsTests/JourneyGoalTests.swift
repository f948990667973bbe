import Campaigns
import Domain
import Foundation
import PipelineSupport
import Postgres
import Store
import TestSupport
import Testing

@Suite("Journeys with real workers: goals, pauses, deaths", .serialized, .timeLimit(.minutes(10)))
struct JourneyGoalTests {
    /// Two messages, a moment after one another.
    static let quick = """
        entry: {event: cart.left, data: [text]}
        re_entry: never
        time_zone: Europe/London
        goals: [order.paid]
        class: marketing
        channel: sms
        steps:
          first: {send: note}
          moment: {wait: 1s}
          second: {send: note}

        """

    /// How many people, each of whom is one interleaving: `MARTLET_JOURNEY_RACES`, such as 10000.
    static let races = Int(ProcessInfo.processInfo.environment["MARTLET_JOURNEY_RACES"] ?? "") ?? 600

    @Test("after a committed goal no message of the journey is admitted; a goal that is undone lets both messages go, each once")
    func goalRaces() async throws {
        var policy = ShopPolicy()
        policy.rate = "400/s"
        try await JourneyShop.with(Self.quick, policy: policy) { journeys in
            let people = Array(1...Self.races)
            let reached = try await journeys.withWorker {
                let reached = try await withThrowingTaskGroup(of: [Int: Int64].self) { group in
                    for part in 0..<4 {
                        group.addTask {
                            let connection = try await journeys.shop.scratch.connect()
                            var reached: [Int: Int64] = [:]
                            // People enter in one order, and two of three pay in another.
                            let mine = people.filter { $0 % 4 == part }
                            var paying = mine.filter { $0 % 3 != 0 }.shuffled()[...]
                            var entered: Set<Int> = []
                            for person in mine.shuffled() + Array(repeating: 0, count: mine.count) {
                                if person > 0 {
                                    try await journeys.tell("cart.left", person, on: connection)
                                    entered.insert(person)
                                }
                                guard Bool.random(), let payer = paying.first(where: { entered.contains($0) }) else { continue }
                                paying.removeAll { $0 == payer }
                                try await journeys.tell("order.paid", payer, on: connection)
                                reached[payer] = Int64(
                                    try await connection.value("select (extract(epoch from clock_timestamp()) * 1e6)::int8")
                                        ?? "0")
                            }
                            await connection.close()
                            return reached
                        }
                    }
                    return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
                }
                try await eventually(within: .seconds(300), "everybody is at the end") {
                    try await journeys.shop.number("select count(*) from martlet_data.journey_people where state = 'in'") == 0
                }
                try await journeys.shop.settle(within: .seconds(120))
                return reached
            }
            let admitted = try await journeys.shop.texts(
                """
                select m.recipient_key || ' ' || (extract(epoch from a.admitted_at) * 1e6)::int8 from martlet_data.attempts a join martlet_data.messages m on m.id = a.message_id
                """)
            for line in admitted {
                let parts = line.split(separator: " ")
                guard let person = Int(parts[0].dropFirst(2)), let at = Int64(parts[1]), let goal = reached[person] else {
                    continue
                }
                #expect(at <= goal, "c-\(person) was admitted after the goal")
            }
            let sent = try journeys.shop.outbox().count
            print("\(Self.races) people, \(reached.count) goals at random instants, \(sent) messages sent")
            #expect(sent < 2 * Self.races && sent >= 2 * (Self.races - reached.count))
            // The reverse: orders are cancelled, and everything that was not sent is sent.
            try await journeys.shop.script(
                "select martlet.undo_goal('order.paid', 'c-' || g) from generate_series(1, \(Self.races)) g")
            try await journeys.withWorker("again") {
                try await eventually(within: .seconds(300), "everybody is at the end") {
                    try await journeys.shop.number("select count(*) from martlet_data.journey_people where state <> 'done'") == 0
                }
                try await journeys.shop.settle(within: .seconds(120))
            }
            let arrived = Dictionary(grouping: try journeys.shop.outbox(), by: \.to)
            #expect(arrived.count == Self.races && arrived.values.allSatisfy { $0.count == 2 })
        }
    }

    @Test("a goal in a transaction that is rolled back has not happened; an open one keeps no other person's step waiting")
    func openGoal() async throws {
        try await JourneyShop.with { journeys in
            for person in 1...3 { try await journeys.tell("cart.left", person) }
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            let other = try await journeys.shop.scratch.connect()
            try await other.execute(script: "begin; select martlet.event('order.paid', 'c-2')", name: "open")
            try await journeys.takeSteps()
            #expect(try await journeys.places() == ["c-1": "day:in", "c-2": "hour:in", "c-3": "day:in"])
            try await other.execute(script: "rollback", name: "open")
            try await journeys.takeSteps()
            #expect(try await journeys.places()["c-2"] == "day:in")
            #expect(try await journeys.shop.number("select martlet.goal('order.paid', 'c-3')") == 1)
            #expect(try await journeys.shop.number("select martlet.goal('order.paid', 'c-3')") == 0)
            #expect(try await journeys.places()["c-3"] == "day:goal:order.paid")
            // Nobody has acted on the cancellation: the message goes on, and the wait goes on where it was.
            #expect(try await journeys.shop.number("select martlet.undo_goal('order.paid', 'c-3')") == 1)
            #expect(try await journeys.places()["c-3"] == "day:in")
            #expect(try await journeys.shop.number("select count(*) from martlet_data.cancellations") == 0)
        }
    }

    @Test("a pause holds steps and messages from its commit on, whatever workers hold, and resume lets them go")
    func pause() async throws {
        try await JourneyShop.with { journeys in
            for person in 1...20 { try await journeys.tell("cart.left", person) }
            try await journeys.takeSteps()
            try await journeys.pass("1 hour")
            try await journeys.takeSteps()
            try await journeys.tell("cart.left", 21)
            #expect(try await journeys.store.run(PauseJourney(journey: "cart", why: "wrong price")).people == 21)
            try await journeys.pass("1 day")
            try await journeys.takeSteps()
            #expect(try await journeys.places()["c-21"] == "hour:in")
            try await journeys.withWorker {
                try await eventually(within: .seconds(60), "the messages are put off") {
                    try await journeys.shop.number("select count(*) from martlet_data.due where reason = 'run_paused'") == 20
                }
            }
            #expect(try journeys.shop.outbox().isEmpty)
            #expect(try await journeys.store.run(ResumeJourney(journey: "cart", why: "right price")).late == 21)
            try await journeys.shop.script("update martlet_data.due set due_at = clock_timestamp()")
            try await journeys.withWorker("again") {
                try await eventually(within: .seconds(60), "all are sent") { try journeys.shop.outbox().count >= 40 }
            }
        }
    }

    @Test("workers that are killed with -9 all the while take no step twice and leave none out")
    func killedWorkers() async throws {
        try await JourneyShop.with(Self.quick.replacing("goals: [order.paid]\n", with: "")) { journeys in
            try await journeys.shop.script(
                "select martlet.event('cart.left', 'c-' || g, jsonb_build_object('sms', '+44' || (7700000000 + g), 'text', 'x')) from generate_series(1, 3000) g"
            )
            var workers = try ["a", "b"].map { try WorkerProgram.start(in: journeys.shop, name: $0) }
            var kills = 0
            func taken() async throws -> Int {
                try await journeys.shop.number("select count(*) from martlet_data.journey_messages")
            }
            while try await taken() < 6000 {
                let before = try await taken()
                try await eventually(within: .seconds(60), "steps are taken") { try await taken() > before }
                kills += 1
                workers[kills % 2].kill(SIGKILL)
                _ = try await workers[kills % 2].wait()
                workers[kills % 2] = try WorkerProgram.start(in: journeys.shop, name: "k\(kills)")
            }
            #expect(kills > 3)
            try await journeys.shop.settle(within: .seconds(120))
            for worker in workers { _ = try await worker.terminate() }
            #expect(try await journeys.shop.number("select count(*) from martlet_data.messages") == 6000)
            #expect(
                try await journeys.shop.number("select count(*) from martlet_data.journey_people where state = 'done'") == 3000)
            let arrived = Dictionary(grouping: try journeys.shop.outbox().filter(\.mayHaveArrived), by: \.to)
            #expect(arrived.values.allSatisfy { $0.count <= 2 })
        }
    }
}
