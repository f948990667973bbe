import Domain

/// Reads the mail to a return path: delivery reports (RFC 3464), reports in words, complaints (RFC 5965 and Microsoft's own form),
/// automatic replies, and everything else.
///
/// Only mail with a genuine token counts: in the addresses it was delivered to, in the report (Original-Envelope-Id, Original-Mail-From), or
/// in the header of the message it gives back. Whatever has one is recorded: at least as undelivered, or as a delay, as an automatic reply, or
/// as something that a person must read.
package struct ReportReader: Sendable {
    package enum Reading: Equatable {
        case events([ProviderEvent])
        /// Recorded, and for a person to look at: it is not known what it says.
        case unclear([ProviderEvent])
        /// Holiday notices, read receipts, mailing lists about nothing of ours.
        case autoReply
        /// A report without a genuine token: forged, or not ours.
        case foreign
        /// Somebody wrote to the return path.
        case unreadable
    }
    /// Octets of a message that are looked at; reports are small, what they give back need not be.
    package static let longest = 1 << 20
    /// Recipients of one report.
    static let mostRecipients = 10

    let provider: String
    let secret: TokenSecret

    package init(provider: String, secret: TokenSecret) {
        self.provider = provider
        self.secret = secret
    }

    package func read(_ message: [UInt8]) -> Reading {
        let whole = MIMEReader(MIMEReader.withLineFeeds(message.prefix(Self.longest)))
        if let part = whole.first(["message/feedback-report"]) { return complaint(whole, part) }
        if let original = ComplaintReport.microsoft(whole) { return complaint(whole, original: original) }
        if let status = Self.status(whole) {
            guard let token = token(whole, report: status) else { return .foreign }
            return bounce(whole, status, token) ?? words(whole, token)
        }
        if let token = token(whole, report: []) { return passedOn(whole, token) ?? words(whole, token) }
        return ReportKind(whole).isAutomatic ? .autoReply : .unreadable
    }

    // MARK: delivery reports

    private static func status(_ whole: MIMEReader) -> ArraySlice<UInt8>? {
        whole.first(["message/delivery-status", "message/global-delivery-status"]).map {
            MIMEReader.withLineFeeds($0.decoded()[...])
        }
    }

    /// A report that a gateway has put into a report of its own, which gives no reason itself (Trend Micro around Mirapoint's). nil: it is none.
    private func passedOn(_ whole: MIMEReader, _ token: ReturnToken) -> Reading? {
        // People pass reports on, too: those may be about anything.
        guard ReportKind(whole).isFromDaemon, let enclosed = whole.first(["message/rfc822"]) else { return nil }
        let inner = MIMEReader(MIMEReader.withLineFeeds(enclosed.decoded()[...]))
        guard inner.type == "multipart/report", ReportKind(inner).isFromDaemon, let status = Self.status(inner) else {
            return nil
        }
        let said = FailureNotice(whole).answer(about: nil)
        guard said.code == nil, said.enhanced == nil, MailClassifier(said).verdict.cause == .unknown else { return nil }
        return bounce(inner, status, token)
    }

    /// nil: no recipient is named.
    private func bounce(_ whole: MIMEReader, _ status: ArraySlice<UInt8>, _ token: ReturnToken) -> Reading? {
        let notice = FailureNotice(whole)
        // RFC 3464, 2.1: one group of fields about the message, then one for each recipient.
        let groups = Self.groups(status)
        let reporter = groups.joined().first { $0.name == "reporting-mta" }.map { ReportText.withoutType($0.value) } ?? ""
        let recipients = groups.filter(DeliveryStatus.isAboutRecipient).prefix(Self.mostRecipients)
        let events = recipients.compactMap { fields in
            DeliveryStatus(fields, notice: notice, isAlone: recipients.count == 1, reporter: reporter)
                .report(provider: provider, token: token).map(ProviderEvent.bounce)
        }
        return events.isEmpty ? nil : .events(events)
    }

    private static func groups(_ bytes: ArraySlice<UInt8>) -> [DeliveryStatus.Fields] {
        var groups: [DeliveryStatus.Fields] = []
        var rest = bytes
        while !rest.isEmpty, groups.count < 50 {
            let (fields, _, body) = MIMEReader.split(rest)
            if !fields.isEmpty { groups.append(fields) }
            rest = body
        }
        return groups
    }

    // MARK: reports in words

    private func words(_ whole: MIMEReader, _ token: ReturnToken) -> Reading {
        let kind = ReportKind(whole)
        let notice = FailureNotice(whole)
        let answer = notice.answer(about: nil)
        let verdict = MailClassifier(answer).verdict
        func report(_ kind: BounceReport.Kind, _ status: String) -> BounceReport {
            BounceReport(
                provider: provider, messageID: token.messageID, attempt: token.attempt, kind: kind, status: status,
                address: whole.value("x-failed-recipients").flatMap(ReportText.address))
        }
        let isReport = kind.isFailure || (notice.isFailure && verdict.cause != .unknown)
        guard isReport || (kind.hasNullSender && !kind.isAutomatic) else {
            if kind.isAutomatic { return .events([.bounce(report(.autoReply, "2.0.0"))]) }
            return .unclear([.bounce(report(.unclear, "2.0.0"))])
        }
        let isDelay = notice.isDelay && verdict.cause != .expired
        let status = answer.enhanced ?? .init(status: isDelay ? 4 : 5, subject: 0, detail: 0)
        var bounce = report(isDelay ? .delayed : verdict.suppresses ? .hard : .soft, "\(status)")
        let detail = ReportText.clean(answer.words)
        bounce.failure = Failure(
            code: "bounce_\(status)", detail: detail.isEmpty ? "the report gives no reason" : detail,
            blame: verdict.cause.failureBlame, suppressesAddress: bounce.kind == .hard)
        // No rule has understood a word of it.
        return verdict.cause == .unknown && answer.code == nil && answer.enhanced == nil && !isDelay
            ? .unclear([.bounce(bounce)]) : .events([.bounce(bounce)])
    }

    // MARK: complaints

    private func complaint(_ whole: MIMEReader, _ part: MIMEReader) -> Reading {
        let report = MIMEReader.withLineFeeds(part.decoded()[...])
        guard let token = token(whole, report: report) else { return .foreign }
        return .events([.complaint(ComplaintReport.read(Self.groups(report).flatMap { $0 }, provider: provider, token: token))])
    }

    private func complaint(_ whole: MIMEReader, original: MIMEReader) -> Reading {
        guard let token = token(whole, report: []) else { return .foreign }
        return .events([.complaint(ComplaintReport.microsoft(original, provider: provider, token: token))])
    }

    // MARK: whose it is

    private func token(_ whole: MIMEReader, report: some Sequence<UInt8>) -> ReturnToken? {
        if let token = ReturnToken.first(in: whole.header, secret: secret) { return token }
        if let token = ReturnToken.first(in: report, secret: secret) { return token }
        guard let original = whole.first(MIMEReader.originals) else { return nil }
        // Its own header only: a body may quote anything.
        return ReturnToken.first(in: MIMEReader.split(original.decoded()[...]).header, secret: secret)
    }
}
