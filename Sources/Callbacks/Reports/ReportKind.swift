/// What sort of mail has come to a return path, by its header. The words of its body are read by `FailureNotice`.
struct ReportKind {
    private let whole: MIMEReader
    private let subject: String

    init(_ whole: MIMEReader) {
        self.whole = whole
        subject = MIMEDecoding.encodedWords(whole.value("subject") ?? "").lowercased()
    }

    private static let daemons = [
        "mailer-daemon", "mailerdaemon", "mail-daemon", "postmaster", "post_master", "mail delivery", "maildelivery",
        "delivery subsystem", "mail administrator",
        "system administrator", "mdaemon", "mail system", "mail server", "bounce",
    ]
    private static let failures = [
        "undeliver", "delivery fail", "failed delivery", "delivery status", "failure notice", "returned mail",
        "returned to sender", "mail delivery", "delivery notification",
        "delivery report", "non-delivery", "nondelivery", "not delivered", "failed mail", "be delivered", "delivery problem",
        "delivery error", "mail failure", "message delivery", "mail system error",
        "returned message", "error sending", "delivery delayed", "delivery delay", "could not send", "unzustellbar", "zustellung",
        "zugestellt", "non remis", "echec de remise", "non recapitabile", "no se puede entregar", "no entregado",
        "não entregue", "não pôde", "недостав", "не доставлен", "退信", "无法投递", "配信不能", "エラーメール",
    ]

    /// A mail system wrote it, or it calls itself a report: whatever else it says about being automatic.
    var isFailure: Bool {
        whole.value("x-failed-recipients") != nil || isFromDaemon || Self.failures.contains { subject.contains($0) }
    }

    /// The sender is the name of a mail system.
    var isFromDaemon: Bool {
        let from = MIMEDecoding.encodedWords(whole.value("from") ?? "").lowercased()
        return Self.daemons.contains { from.contains($0) }
    }

    /// RFC 5321, 4.5.5: the null sender, as the mail server has written it down.
    var hasNullSender: Bool { whole.value("return-path")?.filter { !$0.isWhitespace } == "<>" }

    /// RFC 3834, and what programs before it did: holiday notices, read receipts, lists.
    var isAutomatic: Bool {
        if let automatic = whole.value("auto-submitted")?.lowercased(), !automatic.hasPrefix("no") { return true }
        if whole.first(["message/disposition-notification"]) != nil { return true }
        let marks = ["x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "list-id"]
        if marks.contains(where: { whole.value($0) != nil }) { return true }
        let precedence = whole.value("precedence")?.lowercased() ?? ""
        if ["auto_reply", "auto-reply", "bulk", "junk", "list"].contains(precedence) { return true }
        let words = [
            "out of office", "automatic reply", "auto reply", "autoreply", "auto-reply", "auto:", "abwesen",
            "automatische antwort", "réponse automatique", "vacation", "respuesta automática",
        ]
        return words.contains { subject.hasPrefix($0) }
    }
}
