import Domain

/// Reads what comes back to a return path: delivery reports (RFC 3464), complaints (RFC 5965), and everything else.
///
/// Only mail with a genuine token counts: in the addresses it was delivered to, in the report (Original-Envelope-Id, Original-Mail-From), or
/// in the header of the message it gives back.
struct ReportReader: Sendable {
    enum Reading: Equatable {
        case events([ProviderEvent])
        /// Holiday notices, read receipts, mailing lists: of no interest.
        case autoReply
        /// A report without a genuine token: forged, or not ours.
        case foreign
        /// Somebody wrote to the return path, or a server reports in words only.
        case unreadable
    }
    /// Octets of a message that are looked at; reports are small, what they give back need not be.
    static let longest = 1 << 20
    /// Recipients of one report.
    static let mostRecipients = 10

    let provider: String
    let secret: TokenSecret

    func read(_ message: [UInt8]) -> Reading {
        let whole = MIMEReader(message.prefix(Self.longest))
        if let part = whole.first(["message/feedback-report"]) { return complaint(whole, part) }
        if let part = whole.first(["message/delivery-status", "message/global-delivery-status"]) { return bounce(whole, part) }
        return Self.isAutomatic(whole) ? .autoReply : .unreadable
    }

    // MARK: delivery reports

    private func bounce(_ whole: MIMEReader, _ part: MIMEReader) -> Reading {
        let status = part.decoded()
        guard let token = token(whole, report: status) else { return .foreign }
        // RFC 3464, 2.1: one group of fields about the message, then one for each recipient.
        let recipients = Self.groups(status).filter { group in
            group.contains { ["final-recipient", "original-recipient", "action", "status"].contains($0.name) }
        }
        let events = recipients.prefix(Self.mostRecipients).compactMap { report($0, token).map(ProviderEvent.bounce) }
        return events.isEmpty ? .unreadable : .events(events)
    }

    private typealias Fields = [(name: String, value: String)]

    private static func groups(_ bytes: [UInt8]) -> [Fields] {
        var groups: [Fields] = []
        var rest = bytes[...]
        while !rest.isEmpty, groups.count < 50 {
            let (fields, _, body) = MIMEReader.split(rest)
            if !fields.isEmpty { groups.append(fields) }
            rest = body
        }
        return groups
    }

    private func report(_ fields: Fields, _ token: ReturnToken) -> BounceReport? {
        func value(_ name: String) -> String? { fields.first { $0.name == name && !$0.value.isEmpty }?.value }
        let diagnostic = value("diagnostic-code").map(Self.withoutType) ?? ""
        let reply = Self.reply(diagnostic)
        let said = value("status").flatMap(Self.status) ?? reply?.enhanced
        let action = value("action").map { $0.prefix { $0.isLetter }.lowercased() }
        // Whoever leaves one of them out has said it with the other.
        let permanence = said?.status ?? reply.map { $0.code / 100 }
        let kind: BounceReport.Kind
        switch action ?? (permanence == 2 ? "delivered" : permanence == 4 ? "delayed" : permanence == 5 ? "failed" : "") {
        case "failed": kind = .soft
        case "delayed": kind = .delayed
        case "delivered": kind = .delivered
        case "relayed", "expanded": kind = .passedOn
        default: return nil
        }
        let status = said ?? .init(status: kind == .soft ? 5 : kind == .delayed ? 4 : 2, subject: 0, detail: 0)
        var report = BounceReport(
            provider: provider, messageID: token.messageID, attempt: token.attempt, kind: kind, status: "\(status)",
            address: (value("original-recipient") ?? value("final-recipient")).flatMap(Self.address))
        guard kind == .soft || kind == .delayed else { return report }
        let failure = Self.failure(status, reply?.code, diagnostic, isFinal: kind == .soft)
        if failure.suppressesAddress { report.kind = .hard }
        report.failure = failure
        return report
    }

    /// What the same words would have meant as an answer to RCPT (M9).
    private static func failure(
        _ status: SMTPReply.Enhanced, _ code: Int?, _ diagnostic: String, isFinal: Bool
    ) -> Failure {
        let reply = SMTPReply(code: code ?? status.status * 100 + 50, lines: [diagnostic], enhanced: status)
        let meaning = SMTPClassification(reply, stage: .recipient).outcome.failure
        return Failure(
            code: "bounce_\(status)", detail: diagnostic.isEmpty ? "the report gives no reason" : diagnostic,
            blame: meaning?.blame ?? .recipient, suppressesAddress: isFinal && meaning?.suppressesAddress == true)
    }

    /// `5.1.1`, whatever follows.
    private static func status(_ text: String) -> SMTPReply.Enhanced? {
        guard let match = text.firstMatch(of: #/^([245])\.(\d{1,3})\.(\d{1,3})(?!\d)/#), let status = Int(match.1),
            let subject = Int(match.2), let detail = Int(match.3)
        else { return nil }
        return .init(status: status, subject: subject, detail: detail)
    }

    /// A diagnostic `550 5.1.1 no such user` as the reply it quotes; nil: it quotes none.
    private static func reply(_ diagnostic: String) -> SMTPReply? {
        guard let match = diagnostic.firstMatch(of: #/^([245]\d\d)[ -]+(?:#?([245]\.\d{1,3}\.\d{1,3}))?/#),
            let code = Int(match.1)
        else {
            return nil
        }
        return SMTPReply(code: code, lines: [diagnostic], enhanced: match.2.flatMap { status(String($0)) })
    }

    /// `smtp; 550 …` and `rfc822; a@b` without their type.
    private static func withoutType(_ text: String) -> String {
        guard let semicolon = text.firstIndex(of: ";"), text[..<semicolon].utf8.count <= 40 else { return clean(text) }
        return clean(text[text.index(after: semicolon)...])
    }

    private static func address(_ text: String) -> String? {
        let address = withoutType(text).trimmingPrefix("<").prefix { $0 != ">" && $0 != " " }
        return address.contains("@") && address.utf8.count <= 320 ? String(address) : nil
    }

    /// One line without control characters.
    private static func clean(_ text: some StringProtocol) -> String {
        let scalars = text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
        return String(String(String.UnicodeScalarView(scalars)).trimmed.prefix(500))
    }

    // MARK: complaints

    private func complaint(_ whole: MIMEReader, _ part: MIMEReader) -> Reading {
        let report = part.decoded()
        guard let token = token(whole, report: report) else { return .foreign }
        let fields = Self.groups(report).joined()
        func value(_ name: String) -> String? { fields.first { $0.name == name && !$0.value.isEmpty }?.value }
        // RFC 5965, 3.1: without a Feedback-Type it is no report; but whoever sends one is not happy.
        let kind = value("feedback-type").map { Self.clean($0).lowercased().prefix(40) } ?? "abuse"
        let complaint = Complaint(
            provider: provider, messageID: token.messageID, attempt: token.attempt, kind: String(kind),
            address: value("original-rcpt-to").flatMap(Self.address),
            reporter: value("user-agent").map { String(Self.clean($0).prefix(200)) })
        return .events([.complaint(complaint)])
    }

    // MARK: whose it is

    private func token(_ whole: MIMEReader, report: [UInt8]) -> ReturnToken? {
        if let token = ReturnToken.first(in: whole.header, secret: secret) { return token }
        if let token = ReturnToken.first(in: report, secret: secret) { return token }
        let original = whole.first([
            "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers",
        ])
        guard let original else { return nil }
        // Its own header only: a body may quote anything.
        return ReturnToken.first(in: MIMEReader.split(original.decoded()[...]).header, secret: secret)
    }

    /// RFC 3834, and what programs before it did.
    private static func isAutomatic(_ whole: MIMEReader) -> Bool {
        if let automatic = whole.value("auto-submitted")?.lowercased(), !automatic.hasPrefix("no") { return true }
        if whole.first(["message/disposition-notification"]) != nil { return true }
        let marks = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "list-id"]
        if marks.contains(where: { whole.value($0) != nil }) { return true }
        let precedence = whole.value("precedence")?.lowercased() ?? ""
        if ["auto_reply", "auto-reply", "bulk", "junk", "list"].contains(precedence) { return true }
        let subject = whole.value("subject")?.lowercased() ?? ""
        return ["out of office", "automatic reply", "auto reply", "autoreply", "auto:"].contains { subject.hasPrefix($0) }
    }
}
