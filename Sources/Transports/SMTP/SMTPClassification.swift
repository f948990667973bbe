import Callbacks
import Domain

/// What a negative reply means for the message, the recipient and the provider. `MailClassifier` finds the cause; here it becomes an
/// outcome. See README.md for the table and its reasons.
struct SMTPClassification {
    /// The command that was answered.
    enum Stage: Sendable { case greeting, hello, authentication, mail, recipient, data, content }

    let reply: SMTPReply
    let stage: Stage
    private let verdict: MailVerdict

    /// - Parameter isAboutSender: the reply names our return path and not the recipient, as servers do that look at the sender at RCPT only.
    init(_ reply: SMTPReply, stage: Stage, isAboutSender: Bool = false) {
        self.reply = reply
        self.stage = stage
        let place: MailAnswer.Place =
            switch stage {
            case .recipient where isAboutSender: .mail
            case .recipient: .recipient
            // DATA is refused where no recipient was taken (RFC 5321, 3.3), as for the recipient.
            case .data: .recipient
            case .content: .content
            case .greeting, .hello, .authentication, .mail: .mail
            }
        verdict = MailClassifier(MailAnswer(reply, place: place)).verdict
    }

    /// Credentials or their absence: no message can do anything about it, the provider's policy must change.
    var isConfiguration: Bool { [530, 534, 535, 538].contains(reply.code) }

    var outcome: Outcome {
        if isConfiguration { return .deferred(failure(.provider, burns: false)) }
        switch verdict.cause {
        // A quota per day is not free again in seconds.
        case .dailyQuota:
            return .deferred(failure(.provider, retryAfter: .seconds(3600), burns: false, throttled: true))
        case .rate: return .deferred(failure(.provider, burns: false, throttled: true))
        case _ where reply.code == 421 || isAboutAll: return .deferred(failure(.provider, burns: false, throttled: true))
        // A reply that is neither 4yz nor 5yz here is a server that lost its place: nothing was taken.
        case _ where !verdict.isPermanent: return .deferred(failure(temporaryBlame))
        case let cause where cause.passes: return .deferred(failure(cause.failureBlame))
        case let cause: return .rejected(failure(cause.failureBlame, suppresses: verdict.suppresses))
        }
    }

    private func failure(
        _ blame: Failure.Blame, retryAfter: Duration? = nil, burns: Bool = true, throttled: Bool = false, suppresses: Bool = false
    ) -> Failure {
        Failure(
            code: reply.failureCode, detail: reply.shown, blame: blame, retryAfter: retryAfter, countsAttempt: burns,
            throttled: throttled, suppressesAddress: suppresses)
    }

    /// A temporary refusal of the connection or the sender, which every message would get: all slow down. What is said to RCPT and about a
    /// content concerns this one message, unless words or an enhanced code say otherwise: 4.3.0 to a content is a system that cannot store it
    /// (RFC 3463, 3.4), to RCPT a failed look-up of one recipient (Postfix).
    private var isAboutAll: Bool {
        guard !verdict.isPermanent, [450, 451, 454].contains(reply.code) else { return false }
        let isBeforeRecipient = stage != .recipient && stage != .data && stage != .content
        // x.0.0 and x.3.0 say no more than the basic code.
        guard let enhanced = reply.enhanced else { return isBeforeRecipient && verdict.cause != .greylisted }
        switch (enhanced.subject, enhanced.detail) {
        case (3, 0): return isBeforeRecipient || stage == .content
        case (0, 0): return isBeforeRecipient
        default: return false
        }
    }

    private var temporaryBlame: Failure.Blame {
        switch (reply.enhanced?.subject, stage) {
        case (1, _), (2, _): .recipient
        case (6, _): .content
        default: stage == .recipient || stage == .data ? .recipient : .provider
        }
    }
}
