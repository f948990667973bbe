import Domain
import NIOCore

/// One submission on its way: its parts, encoded, and what became of them.
final class SMPPJob: @unchecked Sendable {
    // @unchecked: made by the submitter, then only touched on the pool's event loop.
    let submission: Submission
    let bodies: [ByteBuffer]
    let results: SMPPResults
    var tally: SMPPTally
    /// Parts that wait for a place, the next one last.
    var waiting: [Int]
    var began: ContinuousClock.Instant?
    /// How often the carrier's queue was full.
    var fullQueues = 0
    /// It waits for that queue, and others pass.
    var isDelayed = false
    var isDone = false
    let queued = ContinuousClock.now

    init(_ submission: Submission, bodies: [ByteBuffer], results: SMPPResults) {
        self.submission = submission
        self.bodies = bodies
        self.results = results
        tally = SMPPTally(count: bodies.count)
        waiting = bodies.indices.reversed()
    }

    /// The next part leaves before this or not at all: the admission's limit as long as the carrier has nothing of the message.
    var limit: ContinuousClock.Instant { tally.hasBegun ? submission.answerBy : min(submission.sendBy, submission.answerBy) }
}

/// What a sequence number stands for.
struct SMPPTicket: Sendable {
    var job: SMPPJob
    var part: Int
}

/// Results of one call of `submit`, handed over together where they come together.
final class SMPPResults: @unchecked Sendable {
    // @unchecked: `pending` is only touched on the pool's event loop.
    private let handler: @Sendable ([SubmissionResult]) -> Void
    private var pending: [SubmissionResult] = []

    init(_ handler: @escaping @Sendable ([SubmissionResult]) -> Void) { self.handler = handler }

    /// True when it is the first since the last `flush`.
    func add(_ result: SubmissionResult) -> Bool {
        pending.append(result)
        return pending.count == 1
    }

    func flush() {
        let results = pending
        pending = []
        if !results.isEmpty { handler(results) }
    }
}
