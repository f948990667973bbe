/// What a report says in words for people, up to the message that it gives back: the only thing that many servers write, and the place of the
/// reason where the fields for programs leave it out.
struct FailureNotice {
    static let mostLines = 300

    /// One line each, blanks at the ends cut; an empty line ends a paragraph.
    let lines: [String]
    let subject: String
    /// The command whose answer is quoted.
    let place: MailAnswer.Place
    /// Written by a relay that quotes the answer it was given.
    let quotesAnswers: Bool

    init(_ whole: MIMEReader) {
        subject = MIMEDecoding.encodedWords(whole.value("subject") ?? "").lowercased()
        lines = Self.beforeOriginal(Self.text(whole))
        place = Self.place(lines)
        let text = lines.joined(separator: "\n").lowercased()
        quotesAnswers = Self.relays.contains { text.contains($0) }
    }

    /// How relays introduce themselves that repeat the answer at RCPT word for word and do not always name the command: qmail, OpenSMTPD, nullmailer, dma,
    /// Courier, and McAfee's gateway, which asks the server behind it. Exim, sendmail and Postfix name it; what looks like theirs without one is often somebody else's (MX Logic, Zoho, ActiveHunter).
    private static let relays = [
        "this is the qmail-send program", "this is the mailer-daemon, please do not reply",
        "this is the nullmailer delivery system", "dragonfly mail agent", "running the courier mail server",
        "--- the following addresses had delivery problems ---",
    ]

    var text: String { lines.joined(separator: "\n") }

    /// The reason, as far as it can be told from the words around it.
    func answer(about address: String?) -> MailAnswer {
        let first = address.flatMap { address in lines.firstIndex { $0.lowercased().contains(address.lowercased()) } } ?? 0
        for start in lines.indices[first...] {
            let quoted = QuotedReply(lines[start])
            guard quoted.code != nil || quoted.enhanced.map({ $0.status != 2 }) ?? false else { continue }
            let words = lines[start..<end(ofReplyAt: start, quoted)].joined(separator: " ")
            let reply = QuotedReply(words)
            let answer = self.answer(reply, words)
            // A code alone: the reason stands elsewhere.
            guard [nil, .server].contains(MailClassifier(answer).decidedBy?.cause) else { return answer }
            return self.answer(reply, text)
        }
        return self.answer(nil, text)
    }

    private func answer(_ reply: QuotedReply?, _ words: String) -> MailAnswer {
        var answer = MailAnswer(code: reply?.code, enhanced: reply?.enhanced, words: words, place: place)
        answer.isQuoted = quotesAnswers
        return answer
    }

    /// Where the lines of one reply end: at an empty line, at another code, or at the next step of a transcript.
    private func end(ofReplyAt start: Int, _ first: QuotedReply) -> Int {
        var end = start + 1
        while end < min(lines.count, start + 12), !lines[end].isEmpty, !lines[end].hasPrefix(">>>") {
            // The next recipient.
            if let first = lines[end].first, "\"<".contains(first), lines[end].contains("@"), lines[end].hasSuffix(":") { break }
            if let code = QuotedReply(lines[end].prefix(40)).code, let before = first.code, code != before { break }
            end += 1
        }
        return end
    }

    private static func place(_ lines: [String]) -> MailAnswer.Place {
        let folded = MailWords.fold(lines.joined(separator: "\n"))
        func says(_ phrase: String) -> Bool { MailPhrase(.unknown, phrase, "").matches(folded) }
        // Postfix, Exim, sendmail and Courier, Sun Messaging Server.
        if says("end of data") || says(">>> data") || says("after data") || says("in reply to data") { return .content }
        if says("smtp transmission failure") || says("smtp command data") || says("other mail system problem") { return .content }
        if says("in reply to mail from") || says("after mail from") || says(">>> mail from") { return .mail }
        // Not "RCPT TO: a@b" in a list of what the message is about (Apache James).
        let recipients = ["rcpt to:<", "rcpt to: <", "rcpt to command", "after rcpt", "smtp:rcpt", "[rcpt_to]"]
        if recipients.contains(where: says) { return .recipient }
        return .other
    }

    private static let delays = [
        "delay", "warning: message", "warning: could not send", "warning - mail", "still being retried", "not yet been delivered",
        "not yet delivered",
        "will continue to", "will keep trying", "still trying", "do not need to resend", "don't need to resend",
        "not need to re-send",
        "warning message only", "will be retried", "will try again for",
    ]
    private static let ends = [
        "undeliver", "fail", "could not be delivered", "permanent", "giving up", "returned", "gave up", "given up",
        "will not be retried",
    ]

    /// The server goes on trying.
    var isDelay: Bool {
        if Self.ends.contains(where: { subject.contains($0) }) { return false }
        if subject.contains("delay") || subject.contains("warning") { return true }
        let text = text.lowercased()
        return Self.delays.contains { text.contains($0) } && !Self.ends.contains { text.contains($0) }
    }

    private static let complaints = [
        "could not be delivered", "couldn't be delivered", "was not delivered", "not been delivered", "undeliverable",
        "unable to deliver", "delivery failed", "failed to deliver",
        "did not reach", "delivery has failed", "\"notificationtype\":\"bounce\"", "\\\"notificationtype\\\":\\\"bounce\\\"",
    ]

    /// It says in so many words that the message did not arrive.
    var isFailure: Bool {
        let text = text.lowercased()
        return Self.complaints.contains { text.contains($0) }
    }

    // MARK: reading

    private static func text(_ whole: MIMEReader) -> String {
        let part = whole.first(["text/plain"]) ?? whole.first(["text/html"]) ?? whole
        let text = MIMECharset.text(Array(part.decoded().prefix(64 << 10)), in: part.parameters["charset"])
        return part.type == "text/html" ? withoutTags(text) : text
    }

    private static func beforeOriginal(_ text: String) -> [String] {
        var lines: [String] = []
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).prefix(mostLines) {
            if beginsOriginal(line.prefix(1000).lowercased()), lines.contains(where: { !$0.isEmpty }) { break }
            lines.append(String(line.trimmed.prefix(1000)))
        }
        return lines
    }

    /// Headers of the message given back, or a line that says that they follow.
    private static func beginsOriginal(_ line: String) -> Bool {
        if ["received: ", "return-path: ", "message-id: ", "mime-version: "].contains(where: { line.hasPrefix($0) }) {
            return true
        }
        let line = String(line.trimmed)
        let words = [
            "copy of", "original message", "original header", "unsent message", "message header", "returned message",
            "message headers",
        ]
        guard words.contains(where: { line.contains($0) }) else { return false }
        return line.hasPrefix("-") || line.hasPrefix("=") || line.hasPrefix("*") || line.hasSuffix(":")
            || line.hasSuffix("follow.") || line.hasSuffix("follows") || line.hasSuffix("follows.")
    }

    /// Text of HTML: tags become line ends, the usual entities letters.
    private static func withoutTags(_ html: String) -> String {
        var text = ""
        var isTag = false
        for character in html {
            switch character {
            case "<": isTag = true
            case ">" where isTag:
                isTag = false
                text.append("\n")
            default: if !isTag { text.append(character) }
            }
        }
        return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")].reduce(text) {
            $0.replacing($1.0, with: $1.1)
        }
    }
}
