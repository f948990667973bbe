import Glibc
import PipelineSupport
import TestSupport
import Testing

/// What a worker with a failpoint must leave behind, held against the provider's own log.
struct Scenario: Sendable, CustomTestStringConvertible {
    enum Action: String, CaseIterable, Sendable {
        case kill, stop, delay, error
        var setting: String { self == .delay ? "delay=800" : rawValue }
    }
    static let points = ["after_claim", "after_admit", "after_send", "before_record"]
    static let all = points.flatMap { point in Action.allCases.map { Scenario(point: point, action: $0) } }
    static let each = 3

    var point: String
    var action: Action
    var testDescription: String { "\(point):\(action.rawValue)" }

    /// Runs it to the end, when every message is final.
    func run(in shop: Shop) async throws -> Outcome {
        for (index, name) in ShopPolicy.classes.enumerated() {
            try await shop.enqueueMany(name, count: Self.each, to: 490_000_000_000 + index * 1000)
        }
        let first = try WorkerProgram.start(in: shop, name: "first", failpoint: "\(point):\(action.setting)")
        let failed = try await fail(first, shop)
        let second = try WorkerProgram.start(in: shop, name: "second")
        let clock = ContinuousClock()
        do {
            try await eventually(within: .seconds(40), poll: .milliseconds(20), "work goes on after \(testDescription)") {
                try await shop.number("select count(*) from martlet_data.leased where session = \(failed.session)") == 0
            }
            let recovered = clock.now - failed.at
            try await shop.settle(within: .seconds(30), "\(testDescription): every message is final")
            let before = try await shop.statuses()
            try await goOn(first, shop)
            #expect(try await shop.statuses() == before, "\(testDescription): the worker that came back moved something")
            // Before it works a SIGTERM simply ends it; there is nothing to drain yet.
            try await eventually(within: .seconds(30), "the second worker works") { second.output.contains("working") }
            #expect(try await second.terminate() == 0, "\(second.output)")
            return Outcome(
                recovered: recovered, states: try await shop.states(), outbox: try shop.outbox(),
                attempts: try await Self.attempts(shop), logs: first.output + second.output)
        } catch {
            throw ChildFailure(
                what: "\(testDescription): \(error)\nfirst: \(first.output.suffix(3000))\nsecond: \(second.output.suffix(3000))")
        }
    }

    /// Waits until the worker has failed as it should.
    private func fail(_ worker: ChildProcess, _ shop: Shop) async throws -> (at: ContinuousClock.Instant, session: Int) {
        switch action {
        case .kill:
            #expect(try await worker.wait(within: .seconds(60)) == 128 + SIGKILL, "\(worker.output)")
        case .stop:
            try await eventually(within: .seconds(60), "the worker stops") {
                if let code = worker.exitCode { throw ChildFailure(what: "it ended with \(code): \(worker.output)") }
                return worker.isStopped
            }
        case .delay, .error:
            // It meets its failpoint again and again; after a while it is told to stop, and hands back what it can.
            try await eventually(within: .seconds(60), "the worker works") {
                try await shop.number("select count(*) from martlet_data.leased") > 0 || !shop.outbox().isEmpty
            }
            try await ContinuousClock().sleep(for: .seconds(2))
            #expect(try await worker.terminate(within: .seconds(30)) == 0, "\(testDescription): \(worker.output)")
        }
        return (.now, try await shop.number("select min(id) from martlet_data.sessions"))
    }

    /// A stopped worker is continued: it finds itself fenced, keeps its evidence, and moves nothing.
    private func goOn(_ worker: ChildProcess, _ shop: Shop) async throws {
        guard action == .stop else { return }
        try await eventually(within: .seconds(30), "the worker that was stopped goes on under a new session or ends") {
            // Again and again: each batch that it had claimed stops it at its failpoint.
            worker.kill(SIGCONT)
            if worker.exitCode != nil { return true }
            return try await shop.number("select count(*) from martlet_data.sessions where worker = 'first'") > 1
        }
        worker.kill(SIGKILL)  // its failpoint would stop it again
        _ = try await worker.wait()
    }

    private static func attempts(_ shop: Shop) async throws -> Set<Attempt> {
        let rows = try await shop.texts("select message_id || ' ' || attempt from martlet_data.attempts")
        return Set(
            rows.map {
                let parts = $0.split(separator: " ")
                return Attempt(messageID: Int64(parts[0]) ?? 0, attempt: Int(parts[1]) ?? 0)
            })
    }

    struct Attempt: Hashable, Sendable {
        var messageID: Int64
        var attempt: Int
    }
    struct Outcome: Sendable {
        var recovered: Duration
        var states: [String: Int]
        var outbox: [HandOver]
        var attempts: Set<Attempt>
        var logs: String

        func handOvers(of index: Int) -> [Int64: Int] {
            let mine = outbox.filter { $0.to.hasPrefix("+49000000\(index)") }
            return Dictionary(grouping: mine, by: \.messageID).mapValues(\.count)
        }
    }
}
