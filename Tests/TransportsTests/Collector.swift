import Domain
import NIOConcurrencyHelpers
import Testing

@testable import Transports

/// Gathers results from any thread, and lets a test wait for a number of them.
final class Collector: @unchecked Sendable {
    // @unchecked: everything is under `lock`.
    private let lock = NIOLock()
    private var gathered: [SubmissionResult] = []
    private var calls = 0
    private let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .unbounded)

    func take(_ results: [SubmissionResult]) {
        lock.withLock {
            gathered += results
            calls += 1
        }
        continuation.yield()
    }

    var results: [SubmissionResult] { lock.withLock { gathered } }
    var callCount: Int { lock.withLock { calls } }

    /// All results once there are `count`; fails the test after `limit`.
    func wait(for count: Int, within limit: Duration = .seconds(90), _ location: SourceLocation = #_sourceLocation) async
        -> [SubmissionResult]
    {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in self.stream where self.results.count >= count { return true }
                return false
            }
            group.addTask {
                // Cancelled as soon as the results are there.
                do { try await Task.sleep(for: limit) } catch { return true }
                return false
            }
            if self.results.count < count, await group.next() == false {
                Issue.record("\(self.results.count) of \(count) results in \(limit)", sourceLocation: location)
            }
            group.cancelAll()
        }
        return results
    }
}

/// A submission with sensible defaults.
func submission(
    _ id: Int64 = 1, attempt: Int = 1, to: String = "+8613900000000", text: String = "hello", from: String = "shop",
    sendWithin: Duration = .seconds(5), answerWithin: Duration = .seconds(30)
) -> Submission {
    let sms = SMSText(text: text, encoding: .gsm7, parts: [text], units: text.count)
    return submission(
        id, attempt: attempt, to: to, rendered: RenderedMessage(content: .sms(sms), from: from, templateVersion: 1),
        sendWithin: sendWithin, answerWithin: answerWithin)
}

func submission(
    _ id: Int64 = 1, attempt: Int = 1, to: String, rendered: RenderedMessage, sendWithin: Duration = .seconds(5),
    answerWithin: Duration = .seconds(30)
) -> Submission {
    let now = ContinuousClock.now
    return Submission(
        messageID: MessageID(id), attempt: attempt, to: to, rendered: rendered, sendBy: now + sendWithin,
        answerBy: now + answerWithin, validity: .seconds(3600))
}

extension Transport {
    /// Submits and waits for all answers.
    func answers(_ submissions: [Submission], within limit: Duration = .seconds(90)) async -> [SubmissionResult] {
        let collector = Collector()
        submit(submissions) { collector.take($0) }
        return await collector.wait(for: submissions.count, within: limit).sorted { $0.messageID < $1.messageID }
    }
}
