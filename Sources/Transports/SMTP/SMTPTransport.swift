import Callbacks
import Domain
import Logging
import NIOCore
import NIOPosix

/// E-mail by SMTP submission (RFC 5321, 6409): a few connections that are used again and again.
final class SMTPTransport: PooledTransport {
    let provider: String
    let window: Int
    let mostConnections: Int
    private let messageIDDomain: String?
    private let eventLoop: any EventLoop
    private let pool: SMTPPool
    private let feed: BounceFeed?
    /// Ends with the transport's work.
    private let (working, workEnded) = AsyncStream<Never>.makeStream()

    /// Opens the files of CA, password, keys and secrets, no connection.
    /// - Parameter events: where reports go that arrive in the option's maildir; refused, they stay there.
    /// - Throws: `ProviderError`.
    init(_ options: SMTPOptions, events: any ProviderEventSink = RefusingEventSink(), logger: Logger) throws {
        provider = options.provider
        window = options.window
        mostConnections = options.connections
        messageIDDomain = options.messageIDDomain
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        _ = try options.session()
        feed = try options.verp.flatMap { verp in
            guard let maildir = verp.maildir else { return nil }
            let secret = try options.tokenSecret("verp_secret_file", verp.secretFile)
            return BounceFeed(
                maildir: Maildir(path: maildir), poll: verp.poll,
                reader: ReportReader(provider: options.provider, secret: secret),
                events: events, logger: logger)
        }
        pool = SMTPPool(
            options, composer: try SMTPComposer(options), tls: try options.tlsContext(), eventLoop: eventLoop, logger: logger)
    }

    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void) {
        let batch = SMTPBatch(result)
        var jobs: [SMTPJob] = []
        var refused: [SubmissionResult] = []
        for submission in submissions {
            do {
                let mail = try MIMEMessage(submission, domain: messageIDDomain)
                jobs.append(SMTPJob(submission: submission, mail: mail, batch: batch))
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
        await withTaskGroup(of: Void.self) { group in
            if let feed { group.addTask { await feed.run() } }
            for await _ in working {}
            group.cancelAll()
        }
        await drain()
    }

    func retract(_ why: String) {
        eventLoop.execute { [pool] in pool.retract(.notSent(why)) }
    }

    /// Also closes the connections, and ends the reading of reports: a drained transport takes no more work.
    func drain(_ why: String) async {
        workEnded.finish()
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in pool.drain(waiter, .notSent(why)) }
        }
    }

    func limitConnections(_ limit: Int) {
        eventLoop.execute { [pool] in pool.limitConnections(limit) }
    }

    func openConnections() async -> Int {
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in waiter.resume(returning: pool.openConnections) }
        }
    }
}
