import Domain

/// The fields about one recipient in a delivery report (RFC 3464), read with what real servers do to them.
struct DeliveryStatus {
    typealias Fields = [(name: String, value: String)]

    private let fields: Fields
    private let notice: FailureNotice
    /// The words for people are about this recipient alone.
    private let isAlone: Bool
    /// The server that wrote the report.
    private let reporter: String

    init(_ fields: Fields, notice: FailureNotice, isAlone: Bool, reporter: String) {
        self.fields = fields
        self.notice = notice
        self.isAlone = isAlone
        self.reporter = reporter.lowercased()
    }

    static func isAboutRecipient(_ fields: Fields) -> Bool {
        fields.contains { ["final-recipient", "original-recipient", "action", "status", "diagnostic-code"].contains($0.name) }
    }

    private func value(_ name: String) -> String? { fields.first { $0.name == name && !$0.value.isEmpty }?.value }

    /// What it means, without whose it is.
    func report(provider: String, token: ReturnToken) -> BounceReport? {
        let diagnostic = value("diagnostic-code").map(ReportText.withoutType) ?? ""
        let status = value("status").map { QuotedReply($0) }?.enhanced
        let answer = answer(diagnostic, status)
        let verdict = MailClassifier(answer).verdict
        guard let kind = kind(status, answer, verdict) else { return nil }
        let shown = shown(status, answer, kind)
        var report = BounceReport(
            provider: provider, messageID: token.messageID, attempt: token.attempt, kind: kind, status: "\(shown)",
            address: (value("original-recipient") ?? value("final-recipient")).flatMap(ReportText.address))
        guard kind == .soft || kind == .delayed else { return report }
        if kind == .soft, verdict.suppresses, !isContradicted, !isChosen { report.kind = .hard }
        let words = diagnostic.isEmpty && !answer.words.isEmpty ? ReportText.clean(answer.words) : diagnostic
        report.failure = Failure(
            code: "bounce_\(shown)", detail: words.isEmpty ? "the report gives no reason" : words,
            blame: verdict.cause.failureBlame,
            suppressesAddress: report.kind == .hard)
        return report
    }

    // MARK: the reason

    /// The reply in Diagnostic-Code, else what the text for people says, with the Status where the reply has no enhanced code that says something.
    private func answer(_ diagnostic: String, _ status: SMTPReply.Enhanced?) -> MailAnswer {
        let reply = QuotedReply(diagnostic)
        let specific = [reply.enhanced, status].compactMap { $0 }.first { !$0.isGeneral }
        var answer = MailAnswer(
            code: reply.code, enhanced: specific ?? reply.enhanced ?? status, words: diagnostic, place: place(reply))
        // PowerMTA says what it takes a reply for.
        answer.isQuoted = notice.quotesAnswers || value("x-powermta-bouncecategory") == "bad-mailbox"
        // OpenSMTPD and sendmail give the reason to people only; Exim and Domino sometimes give nothing but "5.0.0" to programs.
        guard MailClassifier(answer).verdict.cause == .unknown || diagnostic.isEmpty, specific == nil || diagnostic.isEmpty else {
            return answer
        }
        var words = said
        // Only a greeting: what is around a reason is none.
        if words.code == nil, MailClassifier(words).decidedBy == nil { words.words = diagnostic }
        words.code = reply.code ?? words.code
        if let specific, words.enhanced?.isGeneral ?? true { words.enhanced = specific }
        words.enhanced = words.enhanced ?? status
        // What the fields call temporary stays so.
        if status?.status == 4, !(words.enhanced?.status == 4) { words.enhanced = status }
        return words
    }

    /// Sun's (now Oracle's) Messaging Server names the command in a comment behind Status. A code in the reply counts more: filters refuse at RCPT with
    /// "5.7.1 User Unknown", too.
    private func place(_ reply: QuotedReply) -> MailAnswer.Place {
        let isAtRecipient =
            reply.enhanced == nil && value("status")?.lowercased().contains("smtp server has rejected address") == true
        return isAtRecipient && notice.place == .other ? .recipient : notice.place
    }

    /// A status for people and filters: the one that says most.
    private func shown(_ status: SMTPReply.Enhanced?, _ answer: MailAnswer, _ kind: BounceReport.Kind) -> SMTPReply.Enhanced {
        if kind == .delivered || kind == .passedOn { return status ?? .init(status: 2, subject: 0, detail: 0) }
        return answer.enhanced ?? status ?? .init(status: kind == .delayed ? 4 : 5, subject: 0, detail: 0)
    }

    /// What the words for people say about this recipient.
    private var said: MailAnswer { notice.answer(about: value("final-recipient").flatMap(ReportText.address)) }

    /// The words for people name a mailbox that is there: full, or closed by its owner.
    private var isContradicted: Bool {
        guard isAlone else { return false }
        let phrase = MailPhrases.first(in: MailWords.fold(notice.text))
        return phrase.map { [.full, .disabled, .recipientRate].contains($0.cause) } ?? false
    }

    /// Amazon SES has taken the message: a rule of the recipient's chose this answer from a list ("Mailbox does not exist" is the first of it).
    private var isChosen: Bool { reporter.hasPrefix("inbound-smtp.") && reporter.hasSuffix(".amazonaws.com") }

    // MARK: what became of it

    /// nil: nothing that concerns a recipient.
    private func kind(_ status: SMTPReply.Enhanced?, _ answer: MailAnswer, _ verdict: MailVerdict) -> BounceReport.Kind? {
        let word = value("action").map { $0.prefix { $0.isLetter }.lowercased() } ?? ""
        switch word {
        case "failed", "failure", "fail", "undelivered", "undeliverable", "bounced", "rejected", "expired", "error", "permanent":
            return .soft
        case "delayed", "delay", "deferred", "delaying": return hasEnded(status, answer, verdict) ? .soft : .delayed
        case "delivered", "deliverable": return .delivered
        case "relayed", "expanded", "relay", "forwarded": return .passedOn
        default: break
        }
        // A server that leaves the action out, or has a word of its own, has said it with a code.
        switch status?.status ?? answer.code.map({ $0 / 100 }) {
        case 2: return .delivered
        case 4: return word.isEmpty && !hasEnded(status, answer, verdict) ? .delayed : .soft
        case 5: return .soft
        default: return word.isEmpty && answer.words.isEmpty ? nil : .soft
        }
    }

    /// A report that calls itself a delay although the server has given up. RFC 3463: x.4.7 is "delivery time expired". Exchange says it of
    /// delays, too, but tells until when it goes on.
    private func hasEnded(_ status: SMTPReply.Enhanced?, _ answer: MailAnswer, _ verdict: MailVerdict) -> Bool {
        guard value("will-retry-until") == nil else { return false }
        return status?.subject == 4 && status?.detail == 7 || verdict.cause == .expired
            || MailClassifier(said).verdict.cause == .expired
    }
}

/// Pieces of reports as they are kept: one line, bounded.
enum ReportText {
    /// `smtp; 550 …` and `rfc822; a@b` without their type: a word before the first semicolon.
    static func withoutType(_ text: String) -> String {
        guard let semicolon = text.firstIndex(of: ";") else { return clean(text) }
        let type = text[..<semicolon].trimmed
        let isType =
            !type.isEmpty && type.utf8.count <= 40 && type.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
            && type.first?.isNumber != true
        return isType ? clean(text[text.index(after: semicolon)...]) : clean(text)
    }

    static func address(_ text: String) -> String? {
        let address = withoutType(text).trimmingPrefix("<").prefix { $0 != ">" && $0 != " " }
        return address.contains("@") && address.utf8.count <= 320 ? String(address) : nil
    }

    /// One line of single blanks without control characters and encoded words.
    static func clean(_ text: some StringProtocol) -> String {
        var output = ""
        for scalar in MIMEDecoding.encodedWords(String(text.prefix(4000))).unicodeScalars {
            let isBlank = scalar.value <= 0x20 || scalar.value == 0x7F
            if !isBlank {
                output.unicodeScalars.append(scalar)
            } else if let last = output.last, last != " " {
                output.append(" ")
            }
            if output.utf8.count > 2000 { break }
        }
        return String(output.trimmed.prefix(500))
    }
}
