import Domain

/// Failures that every transport has, with the same codes.
extension Failure {
    static let theWorkerIsStopping = "the worker is stopping"
    /// `sendBy` passed before the first byte.
    static let deadlinePassed = Failure(
        code: "deadline_passed", detail: "the send deadline passed before the first byte", blame: .martlet, countsAttempt: false)
    /// The transport was drained before the first byte, because its worker ends.
    static let stopping = notSent(theWorkerIsStopping)
    /// Given back before the first byte.
    /// - Parameter why: a sentence without a full stop, for people.
    static func notSent(_ why: String) -> Failure {
        Failure(code: "not_sent", detail: "\(why); nothing was written", blame: .martlet, countsAttempt: false)
    }
    /// Handed over, and no answer until `answerBy`.
    static let noAnswer = Failure(
        code: "no_answer", detail: "handed over; no answer in time", blame: .provider)
    /// More submissions at once than the transport allows: nothing was written.
    static func windowFull(_ window: Int) -> Failure {
        Failure(
            code: "window_full", detail: "\(window) submissions are already unanswered", blame: .martlet, countsAttempt: false)
    }
}
