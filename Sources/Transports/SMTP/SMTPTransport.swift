import Domain
import Logging
import NIOCore
import NIOPosix

/// E-mail by SMTP submission (RFC 5321, 6409): a few connections that are used again and again.
final class SMTPTransport: Transport {
    let provider: String
    let window: Int
    private let messageIDDomain: String?
    private let eventLoop: any EventLoop
    private let pool: SMTPPool

    /// Opens the CA and password files, no connection.
    /// - Throws: `TransportError`.
    init(_ options: SMTPOptions, logger: Logger) throws {
        provider = options.provider
        window = options.window
        messageIDDomain = options.messageIDDomain
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try options.session()
        pool = SMTPPool(
            options, composer: try SMTPComposer(options), tls: try options.tlsContext(), eventLoop: eventLoop, logger: logger)
    }

    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void) {
        var jobs: [SMTPJob] = []
        var refused: [SubmissionResult] = []
        for submission in submissions {
            do {
                jobs.append(
                    SMTPJob(submission: submission, mail: try MIMEMessage(submission, domain: messageIDDomain), result: result))
            } catch {
                refused.append(
                    .init(
                        messageID: submission.messageID, attempt: submission.attempt, outcome: .rejected(error.failure),
                        latency: .zero))
            }
        }
        if !refused.isEmpty { result(refused) }
        eventLoop.execute { [pool, jobs] in pool.take(jobs) }
    }

    func run() async throws {
        let (endless, continuation) = AsyncStream<Never>.makeStream()
        for await _ in endless {}
        continuation.finish()
        await drain()
    }

    /// Also closes the connections: a drained transport takes no more work.
    func drain() async {
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in pool.drain(waiter) }
        }
    }
}
