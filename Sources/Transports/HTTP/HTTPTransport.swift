import Domain
import Logging
import NIOCore
import NIOPosix

/// Messages by HTTP requests: a provider described by configuration, or one compatible with Twilio.
final class HTTPTransport: Transport {
    let provider: String
    let window: Int
    private let options: HTTPOptions
    private let secrets: HTTPSecrets
    private let eventLoop: any EventLoop
    private let pool: HTTPPool
    /// Ends with the transport's work.
    private let (working, workEnded) = AsyncStream<Never>.makeStream()

    /// Opens the files of CA and secrets, no connection.
    /// - Throws: `ProviderError`.
    init(_ options: HTTPOptions, logger: Logger) throws {
        self.options = options
        provider = options.provider
        window = options.window
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        secrets = try HTTPSecrets(options)
        pool = try HTTPPool(options, eventLoop: eventLoop, logger: logger)
    }

    func submit(_ submissions: [Submission], result: @escaping @Sendable ([SubmissionResult]) -> Void) {
        let values: HTTPSecrets.Values
        do { values = try secrets.current() } catch {
            let failure = SetupFailure("secret_unreadable", "\(error)", isConfiguration: true)
            return eventLoop.execute { [pool] in pool.refuse(submissions, failure, result) }
        }
        var jobs: [HTTPJob] = []
        var refused: [SubmissionResult] = []
        for submission in submissions {
            do {
                let request = try options.request(submission, values)
                let text = options.fields(submission, values).text
                jobs.append(HTTPJob(submission: submission, request: request, hidden: values.hidden + [text], result: result))
            } catch {
                refused.append(
                    .init(
                        messageID: submission.messageID, attempt: submission.attempt, outcome: .rejected(error.failure),
                        latency: .zero))
            }
        }
        if !refused.isEmpty { result(refused) }
        if !jobs.isEmpty { eventLoop.execute { [pool, jobs] in pool.take(jobs) } }
    }

    func run() async throws {
        for await _ in working {}
        await drain()
    }

    func retract(_ why: String) {
        eventLoop.execute { [pool] in pool.retract(.notSent(why)) }
    }

    /// Also closes the connections: a drained transport takes no more work.
    func drain(_ why: String) async {
        workEnded.finish()
        await withCheckedContinuation { waiter in
            eventLoop.execute { [pool] in pool.drain(waiter, .notSent(why)) }
        }
    }
}
