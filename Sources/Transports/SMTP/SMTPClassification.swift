import Domain

/// What a negative reply means for the message, the recipient and the provider (M9): the enhanced code first, then the basic
/// code, then the text. See README.md for the table and its reasons.
struct SMTPClassification {
    /// The command that was answered.
    enum Stage: Sendable { case greeting, hello, authentication, mail, recipient, data, content }

    let reply: SMTPReply
    let stage: Stage
    private let words: String

    init(_ reply: SMTPReply, stage: Stage) {
        self.reply = reply
        self.stage = stage
        words = reply.text.lowercased()
    }

    /// Credentials or their absence: no message can do anything about it, the provider's policy must change.
    var isConfiguration: Bool { [530, 534, 535, 538].contains(reply.code) }

    var outcome: Outcome {
        if isConfiguration {
            return .deferred(failure(.provider, burns: false))
        }
        if parksProvider { return .deferred(failure(.provider, retryAfter: .seconds(3600), burns: false, throttled: true)) }
        if saysSlower { return .deferred(failure(.provider, burns: false, throttled: true)) }
        // A reply that is neither 4yz nor 5yz here is a server that lost its place: nothing was taken.
        if !isPermanent { return .deferred(failure(temporaryBlame)) }
        return permanent
    }

    private func failure(
        _ blame: Failure.Blame, retryAfter: Duration? = nil, burns: Bool = true, throttled: Bool = false, suppresses: Bool = false
    ) -> Failure {
        Failure(
            code: reply.failureCode, detail: reply.shown, blame: blame, retryAfter: retryAfter, burnsAttempt: burns,
            throttled: throttled, suppressesAddress: suppresses)
    }

    private var isPermanent: Bool { (reply.enhanced?.status ?? (reply.code / 100)) == 5 }

    private func says(_ phrases: String...) -> Bool { phrases.contains { words.contains($0) } }

    /// A quota per day is not free again in seconds.
    private var parksProvider: Bool {
        says("daily quota", "daily message quota", "daily sending quota", "sending quota exceeded", "daily user sending")
            || (reply.enhanced?.subject == 4 && reply.enhanced?.detail == 5 && says("daily"))
    }

    private var saysSlower: Bool {
        if says("sending rate", "rate limit", "too many messages", "too many connections", "too fast", "throttl") { return true }
        if reply.code == 421 { return true }
        guard !isPermanent, [450, 451, 454].contains(reply.code) else { return false }
        guard let enhanced = reply.enhanced else {
            // Greylisting and full mailboxes answer 450 too: one recipient must not slow down all others.
            return !(reply.code == 450 && stage == .recipient && says("greylist", "graylist", "mailbox", "recipient", "user"))
        }
        // x.0.0 and x.3.0 say no more than the basic code; 4.3.2, 4.4.5 and 4.7.28 mean load and rate.
        return [[0, 0], [3, 0], [3, 2], [4, 5], [7, 28]].contains([enhanced.subject, enhanced.detail])
    }

    private var temporaryBlame: Failure.Blame {
        switch reply.enhanced?.subject {
        case 1, 2: .recipient
        case 6: .content
        default: stage == .recipient ? .recipient : .provider
        }
    }

    private var permanent: Outcome {
        guard let enhanced = reply.enhanced else { return basic }
        // A soft code with a hard class, or the reverse, is no proof that an address is dead.
        let isAgreed = reply.code >= 500 && (stage == .recipient || stage == .data || stage == .content)
        switch (enhanced.subject, enhanced.detail) {
        case (1, 1), (1, 2), (1, 3), (1, 6), (1, 10): return .rejected(failure(.recipient, suppresses: isAgreed))
        case (1, 7), (1, 8), (1, 9): return .rejected(failure(.sender))
        // Mailbox full: people empty them.
        case (2, 2): return .deferred(failure(.recipient))
        case (2, 3), (3, 4), (6, _): return .rejected(failure(.content))
        case (1, _), (2, _), (4, _): return .rejected(failure(.recipient))
        case (3, _): return .rejected(failure(.provider))
        case (5, _): return .rejected(failure(.martlet))
        case (7, _): return .rejected(failure(.sender))
        default: return basic
        }
    }

    /// 5yz without an enhanced code that says more.
    private var basic: Outcome {
        switch (reply.code, stage) {
        case (550, .recipient), (551, .recipient), (553, .recipient):
            let isUnknown = says(
                "user unknown", "unknown user", "no such user", "no such recipient", "unknown recipient", "does not exist",
                "no mailbox here")
            return .rejected(failure(.recipient, suppresses: isUnknown && reply.enhanced == nil))
        case (552, .recipient): return .deferred(failure(.recipient))
        case (_, .recipient): return .rejected(failure(.recipient))
        case (_, .mail): return .rejected(failure(.sender))
        case (500..<505, _): return .rejected(failure(.martlet))
        default: return .rejected(failure(.content))
        }
    }
}
