import Domain

/// What a feedback report says (RFC 5965), and the form of it that Microsoft has for itself.
enum ComplaintReport {
    static func read(_ fields: DeliveryStatus.Fields, provider: String, token: ReturnToken) -> Complaint {
        func value(_ name: String) -> String? { fields.first { $0.name == name && !$0.value.isEmpty }?.value }
        // RFC 5965, 3.1: without a Feedback-Type it is no report; but the person who sends one is not happy.
        let kind = value("feedback-type").map { ReportText.clean($0).lowercased().prefix(40) } ?? "abuse"
        return Complaint(
            provider: provider, messageID: token.messageID, attempt: token.attempt, kind: String(kind),
            address: value("original-rcpt-to").flatMap(ReportText.address),
            reporter: value("user-agent").map { String(ReportText.clean($0).prefix(200)) })
    }

    private static let recipientField = "x-hmxmroriginalrecipient"

    /// Junk Mail Reporting Program of Outlook.com: no feedback report, but the message itself, with the recipient in a field added to it.
    /// nil: it is something else.
    static func microsoft(_ whole: MIMEReader) -> MIMEReader? {
        guard let enclosed = whole.first(["message/rfc822"]) else { return nil }
        let original = MIMEReader(enclosed.decoded()[...])
        let from = whole.value("from")?.lowercased() ?? ""
        let isReporter = ["staff@hotmail.com", "staff@outlook.com"].contains { from.contains($0) }
        return original.value(recipientField) != nil || isReporter ? original : nil
    }

    static func microsoft(_ original: MIMEReader, provider: String, token: ReturnToken) -> Complaint {
        Complaint(
            provider: provider, messageID: token.messageID, attempt: token.attempt, kind: "abuse",
            address: original.value(recipientField).flatMap(ReportText.address), reporter: "Outlook.com JMRP")
    }
}
