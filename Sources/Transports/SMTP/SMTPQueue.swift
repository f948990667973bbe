import Domain
import NIOCore

/// What one `submit` handed over: its answers may be told together.
final class SMTPBatch: Sendable {
    let result: @Sendable ([SubmissionResult]) -> Void
    init(_ result: @escaping @Sendable ([SubmissionResult]) -> Void) { self.result = result }
}

/// One submission on its way through the pool.
struct SMTPJob: Sendable {
    /// In one place: a job is handed on many times, and these have dozens of parts.
    private final class Unchanging: Sendable {
        let submission: Submission
        let mail: MIMEMessage
        let batch: SMTPBatch
        let queued = ContinuousClock.now

        init(_ submission: Submission, _ mail: MIMEMessage, _ batch: SMTPBatch) {
            self.submission = submission
            self.mail = mail
            self.batch = batch
        }
    }
    private let unchanging: Unchanging
    /// Written beforehand, where that takes long.
    var content: SMTPContent?
    /// Given to a connection that turned out to be closed: once is bad luck.
    var wasReturned = false

    init(submission: Submission, mail: MIMEMessage, batch: SMTPBatch) { unchanging = Unchanging(submission, mail, batch) }

    var submission: Submission { unchanging.submission }
    var mail: MIMEMessage { unchanging.mail }
    var batch: SMTPBatch { unchanging.batch }

    /// - Parameter latency: nil: since it was queued.
    func result(_ outcome: Outcome, latency: Duration?) -> SubmissionResult {
        SubmissionResult(
            messageID: submission.messageID, attempt: submission.attempt, outcome: outcome,
            latency: latency ?? .now - unchanging.queued)
    }
}

/// What waits for a connection: urgent ones first, each in order of arrival.
///
/// Where composing takes long (signatures), a few are composed ahead, away from the event loop; the others wait uncomposed, so that
/// an urgent one never waits behind a thousand signatures.
struct SMTPQueue {
    private var urgent = CircularBuffer<SMTPJob>()
    private var normal = CircularBuffer<SMTPJob>()
    private var composed = CircularBuffer<SMTPJob>()
    private var composing = 0
    /// 0: each is composed when a connection takes it.
    private let ahead: Int

    init(ahead: Int) { self.ahead = ahead }

    /// Also those that are being composed.
    var count: Int { urgent.count + normal.count + composed.count + composing }
    var soonest: ContinuousClock.Instant? {
        [urgent, normal, composed].compactMap { $0.map(\.submission.sendBy).min() }.min()
    }

    mutating func append(_ job: SMTPJob) {
        if job.submission.isUrgent { urgent.append(job) } else { normal.append(job) }
    }

    /// Puts one back that had its turn.
    mutating func prepend(_ job: SMTPJob) {
        if job.content != nil {
            composed.prepend(job)
        } else if job.submission.isUrgent {
            urgent.prepend(job)
        } else {
            normal.prepend(job)
        }
    }

    /// The next for a connection.
    mutating func next() -> SMTPJob? {
        if let index = composed.firstIndex(where: \.submission.isUrgent) { return composed.remove(at: index) }
        guard ahead == 0 else { return composed.popFirst() }
        return urgent.popFirst() ?? normal.popFirst() ?? composed.popFirst()
    }

    /// The next that may wait behind another message. Not an urgent one, which takes the first free connection, nor while one waits;
    /// nor one that has waited so in vain.
    mutating func nextToFollow() -> SMTPJob? {
        guard urgent.isEmpty, !composed.contains(where: \.submission.isUrgent) else { return nil }
        if ahead > 0 { return composed.first?.wasReturned == false ? composed.popFirst() : nil }
        return normal.first?.wasReturned == false ? normal.popFirst() : nil
    }

    /// The next to compose, which then is on its way until `composed`.
    mutating func nextToCompose() -> SMTPJob? {
        guard composed.count + composing < ahead, let job = urgent.popFirst() ?? normal.popFirst() else { return nil }
        composing += 1
        return job
    }

    /// nil: it could not be composed, or is not wanted any more.
    mutating func composed(_ job: SMTPJob?) {
        composing -= 1
        if let job { composed.append(job) }
    }

    mutating func removeAll() -> [SMTPJob] { remove { _ in true } }
    mutating func removeLate(_ now: ContinuousClock.Instant) -> [SMTPJob] { remove { $0.submission.sendBy <= now } }

    private mutating func remove(_ isGone: (SMTPJob) -> Bool) -> [SMTPJob] {
        let gone = [urgent, composed, normal].flatMap { $0.filter(isGone) }
        urgent.removeAll(where: isGone)
        composed.removeAll(where: isGone)
        normal.removeAll(where: isGone)
        return gone
    }
}
