import Callbacks
import Domain
import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// SMS by SMPP 3.4: a few binds that stay, each with its window of unanswered submits.
final class SMPPTransport: PooledTransport {
    let provider: String
    let window: Int
    let mostConnections: Int
    private let submits: SMPPSubmits
    private let references = SMPPReferences()
    private let eventLoop: any EventLoop
    private let pool: SMPPPool
    /// Submitted and not yet taken: what many small calls bring is taken, and written, together.
    private let arriving = NIOLockedValueBox<[SMPPJob]>([])

    /// Opens CA, certificate and password files, no connection.
    /// - Throws: `ProviderError`.
    init(_ options: SMPPOptions, logger: Logger, events: any ProviderEventSink) throws {
        provider = options.provider
        window = options.window
        mostConnections = options.mostBinds
        submits = SMPPSubmits(account: options.account)
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try options.session(.transceiver)
        pool = SMPPPool(options, tls: try options.tlsContext(), eventLoop: eventLoop, logger: logger, events: events)
    }

    /// Texts are encoded here, on the caller's thread.
    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void) {
        let results = SMPPResults(result)
        var jobs: [SMPPJob] = []
        jobs.reserveCapacity(submissions.count)
        var refused: [SubmissionResult] = []
        for submission in submissions {
            do throws(SubmissionRefused) {
                let messages = try submits.messages(
                    submission, reference: { references.next(for: submission.to) }, now: { Self.wallClock() })
                jobs.append(SMPPJob(submission, bodies: messages.map(SMPPEncoder.submitBody), results: results))
            } catch {
                refused.append(
                    .init(
                        messageID: submission.messageID, attempt: submission.attempt, outcome: .rejected(error.failure),
                        latency: .zero))
            }
        }
        if !refused.isEmpty { result(refused) }
        guard !jobs.isEmpty else { return }
        let isFirst = arriving.withLockedValue { arriving in
            arriving += jobs
            return arriving.count == jobs.count
        }
        guard isFirst else { return }
        eventLoop.execute { [pool, arriving] in
            pool.take(
                arriving.withLockedValue { arriving in
                    defer { arriving = [] }
                    return arriving
                })
        }
    }

    /// For absolute validity periods only: the carrier's clock is no better known.
    private static func wallClock() -> Timestamp {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    func run() async throws {
        eventLoop.execute { [pool] in pool.turn { pool.start() } }
        let (endless, continuation) = AsyncStream<Never>.makeStream()
        for await _ in endless {}
        continuation.finish()
        await drain()
    }

    func retract(_ why: String) {
        eventLoop.execute { [pool] in pool.retract(.notSent(why)) }
    }

    /// Also unbinds: a drained transport takes no more work.
    func drain(_ why: String) async {
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in pool.drain(waiter, .notSent(why)) }
        }
    }

    func limitConnections(_ limit: Int) {
        eventLoop.execute { [pool] in pool.turn { pool.limitBinds(limit) } }
    }

    func openConnections() async -> Int {
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in waiter.resume(returning: pool.openBinds) }
        }
    }
}
