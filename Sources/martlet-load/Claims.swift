import ArgumentParser
import Domain
import Foundation
import Store

/// Claims messages and records them as accepted: the queue alone, by the worker's own statements.
struct Claims: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Claim and record only: nothing is rendered, admitted or sent. Run no worker beside it.")
    @OptionGroup var load: Load
    @Option(help: "Messages in one claim.") var batch = 500
    @Option(help: "Connections at once.") var clients = 2
    @Flag(help: "Enqueue as many again after each batch, so that the queue stays as deep as it is.") var hold = false

    func run() async throws {
        let database = load.database(connections: clients, isWorker: true)
        let session = try await database.run(BeginSession(worker: "load", host: "bench", pid: getpid(), version: "load"))
        let (parts, probe) = try await database.withConnection { try await $0.run(LoadRingParts(), QueueProbe()) }
        let queue = Queue(
            session: session, leased: ringPart(ofCursor: probe.leasedCursor),
            ready: parts.filter { $0.kind == .ready && !$0.isFree && $0.lane != 8 }.map { ($0.number, $0.lane) })
        let started = ContinuousClock.now
        let (done, claims) = try await withThrowingTaskGroup(of: (Int, [Double]).self) { group in
            for client in 0..<clients {
                group.addTask(executorPreference: database.executor) {
                    try await self.work(queue, on: database, share: load.count / clients, firstClaim: Int32(client) << 24)
                }
            }
            return try await group.reduce(into: (0, [Double]())) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
        }
        let seconds = (ContinuousClock.now - started).inLoadSeconds
        try await database.run(EndSession(session: session))
        await database.close()
        let sorted = claims.sorted()
        report("claim_record", Double(done) / seconds, "messages/s", "\(done) messages, \(clients) connections, \(batch) a claim")
        report("claim_p50", percentile(sorted, 50), "ms", "\(claims.count) claims")
        report("claim_p99", percentile(sorted, 99), "ms")
    }

    private struct Queue: Sendable {
        var session: Int32
        var leased: Int16
        /// Part and lane.
        var ready: [(Int16, Int16)]
    }

    /// How many messages were recorded, and how long each claim took, milliseconds.
    private func work(
        _ queue: Queue, on database: Database, share: Int, firstClaim: Int32
    ) async throws -> (Int, [Double]) {
        var done = 0
        var claim = firstClaim
        var times: [Double] = []
        var isWarm = false
        for (part, lane) in queue.ready {
            var from: Int64 = 0
            while done < share {
                claim += 1
                let asked = ContinuousClock.now
                let answer = try await database.run(
                    ClaimReady(
                        part: part, lane: lane, from: from, limit: Int32(min(batch, share - done)), session: queue.session,
                        claim: claim, lease: .seconds(60), leasedPart: queue.leased))
                // A connection's first claim plans, and fills its caches: no other does.
                if isWarm { times.append((.now - asked).inLoadSeconds * 1000) }
                isWarm = true
                guard let last = answer.last else {
                    if from == 0 { break }
                    from = 0  // what the other connections have put behind us
                    continue
                }
                from = last + 1
                var finish = FinishAccepted(part: queue.leased, session: queue.session)
                for message in answer.messages {
                    finish.add(message.lease, attempt: 1, provider: "load", reference: nil)
                }
                let statements: [any Statement] = [RecordLock(session: queue.session), finish]
                try await database.withConnection { try await $0.transactAll(statements) }
                if hold { try await replace(answer.messages.count, from: Int(claim) * batch, on: database) }
                done += answer.messages.count
            }
        }
        return (done, times)
    }

    private func replace(_ count: Int, from first: Int, on database: Database) async throws {
        let rows = (first..<first + count).map(load.row)
        try await database.withConnection { connection in
            if let refusal = try await connection.enqueue(rows) { throw refusal }
        }
    }
}
