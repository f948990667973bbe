/// What a mail server said about one message, wherever it was said: in an answer, or in a report about one.
package struct MailAnswer: Equatable, Sendable {
    /// The command that was answered, where that is known.
    package enum Place: Sendable { case mail, recipient, content, other }

    /// Three digits (RFC 5321); nil: none was quoted.
    package var code: Int?
    /// RFC 3463; nil: none.
    package var enhanced: SMTPReply.Enhanced?
    package var words: String
    package var place: Place
    /// A relay quotes what it was answered, word for word. Otherwise a server may have taken the message first, and says "user unknown" of what its
    /// filter refused.
    package var isQuoted = true

    package init(code: Int?, enhanced: SMTPReply.Enhanced?, words: String, place: Place) {
        self.code = code
        self.enhanced = enhanced
        self.words = words
        self.place = place
    }

    package init(_ reply: SMTPReply, place: Place) {
        // With the code, as reports quote it: some phrases mean something with it alone.
        let words = (reply.enhanced.map { "\($0) " } ?? "") + reply.text
        self.init(code: reply.code, enhanced: reply.enhanced ?? Self.inner(reply), words: words, place: place)
    }

    /// A gateway gives the code of the server behind it inside its own words: `554 permanent failure (a@b:550 5.1.1 unknown)`.
    private static func inner(_ reply: SMTPReply) -> SMTPReply.Enhanced? {
        let quoted = QuotedReply(reply.text)
        guard let code = quoted.code, code / 100 == reply.code / 100, quoted.enhanced?.status == code / 100 else { return nil }
        return quoted.enhanced
    }
}

/// What it means.
package struct MailVerdict: Equatable, Sendable {
    package var cause: MailCause
    /// The server says that trying again is of no use. It may be wrong: `cause.passes`.
    package var isPermanent: Bool
    /// The address is certainly dead.
    package var suppresses: Bool
}

/// One classifier for answers to MAIL, RCPT and DATA, for the answer to the content, and for every kind of report.
///
/// Order of trust, from the most to the least (README.md has the reasons):
/// 1. words that name a reason which is not a dead mailbox (rate, sender, content, full mailbox, network);
/// 2. words that say that the mailbox or the domain is not there;
/// 3. the enhanced code, unless it is x.0.0 or another that says nothing;
/// 4. the reply code.
///
/// Whether it suppresses needs more than the cause: no code may say that it passes, and the place must be one where servers speak of
/// recipients.
package struct MailClassifier: Sendable {
    package let answer: MailAnswer
    private let phrase: MailPhrase?

    package init(_ answer: MailAnswer) {
        self.answer = answer
        phrase = MailPhrases.first(in: MailWords.fold(answer.words))
    }

    package var verdict: MailVerdict {
        let cause = cause
        return MailVerdict(cause: cause, isPermanent: isPermanent, suppresses: cause.isDead && isCertain(cause))
    }

    /// The phrase that decided, for tests and people.
    package var decidedBy: MailPhrase? { phrase }

    private var isPermanent: Bool { (answer.enhanced?.status ?? answer.code.map { $0 / 100 } ?? 5) == 5 }

    private var cause: MailCause {
        // At MAIL everything is about the sender but our speed and the server's troubles.
        if answer.place == .mail, let phrase {
            return phrase.cause.isDead || phrase.cause.blame == .recipient ? .sender : phrase.cause
        }
        if let phrase { return phrase.cause.isDead && isCodeOfSender ? .sender : phrase.cause }
        return byEnhanced ?? byCode
    }

    /// 5.1.7 and 5.1.8 are about the sender only.
    private var isCodeOfSender: Bool { answer.enhanced.map { $0.subject == 1 && (7...8).contains($0.detail) } ?? false }

    private func isCertain(_ cause: MailCause) -> Bool {
        // No server was asked: Gmail gives "4.0.0" to a domain that the DNS does not have, after the last try.
        if answer.code == nil, answer.place == .other, cause == .noDomain || cause == .noMail, answer.enhanced?.isGeneral ?? true
        {
            return true
        }
        guard isPermanent, answer.code.map({ $0 >= 500 }) ?? true else { return false }
        switch answer.place {
        case .mail: return false
        case .recipient: return cause != .noDomain || isConfirmed || answer.enhanced == Self.noRoute
        case .other: return cause != .noMailbox || answer.isQuoted || isConfirmed || answer.enhanced == Self.outlook
        // Some carriers say "unknown user" here for a filter of the recipient's.
        case .content: return isConfirmed
        }
    }

    /// Not by everyday words alone, which filters write, too.
    private var isConfirmed: Bool { phrase.map(\.isCertainAfterData) ?? true || answer.enhanced?.subject == 1 }

    /// RFC 3463: the domain has no host that takes its mail.
    private static let noRoute = SMTPReply.Enhanced(status: 5, subject: 4, detail: 4)

    /// What Outlook.com says of a mailbox that is not there, beside "mailbox unavailable".
    private static let outlook = SMTPReply.Enhanced(status: 5, subject: 5, detail: 0)

    /// RFC 3463 and the registry of enhanced status codes; nil: it says no more than the reply code.
    private var byEnhanced: MailCause? {
        guard let enhanced = answer.enhanced else { return nil }
        switch (enhanced.subject, enhanced.detail) {
        case (1, 1), (1, 3): return answer.place == .mail ? .sender : .noMailbox
        case (1, 2): return answer.place == .mail ? .sender : .noDomain
        case (1, 6): return .moved
        // RFC 7505 says 5.1.10 for a domain without mail; Exchange Online says it for a mailbox that is not there. Dead either way.
        case (1, 10): return .noMail
        case (1, 7), (1, 8), (1, 9): return .sender
        case (1, 90): return .rate
        case (2, 1): return .disabled
        case (2, 2): return .full
        case (2, 3), (3, 4): return .tooBig
        case (2, 121), (2, 122): return .recipientRate
        // RFC 7504: a server that takes no mail at all.
        case (3, 2) where answer.code == 521: return .noMail
        case (3, 2), (4, 5): return isPermanent ? .server : .rate
        case (3, _): return .server
        case (4, 7): return .expired
        case (4, 1) where answer.place != .other: return .unknown
        case (4, _): return .network
        case (5, 3): return .recipientRate
        case (5, 1...),
            (5, 0) where answer.place == .mail:
            return .protocolError
        case (6, _): return .content
        case (7, 28): return isPermanent ? .sender : .rate
        case (7, 1) where !isPermanent && answer.place != .mail: return .greylisted
        case (7, _): return .sender
        default: return nil
        }
    }

    private var byCode: MailCause {
        guard answer.place != .mail else { return .sender }
        switch answer.code ?? 0 {
        // RFC 7504.
        case 556: return .noMail
        case 552 where answer.place != .content: return .full
        case 500..<505 where answer.enhanced == nil || answer.enhanced?.subject == 5: return .protocolError
        case 500..<600 where answer.place == .content: return .content
        default: return .unknown
        }
    }
}
