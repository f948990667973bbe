import Store

/// What can be said about a row without the server. The server judges again, and alone judges names of classes, templates and senders.
enum RowCheck {
    /// Characters of the arguments that are plain text; the contract's own limits.
    private static let limits = [
        ("recipient_key", 256), ("locale", 35), ("tier", 64), ("group_key", 256), ("idempotency_key", 256), ("traceparent", 64),
        ("class", 256), ("template", 256), ("sender", 256), ("time_zone", 64),
    ]

    static func check(_ row: BulkRow) throws(Problem) {
        for field in ["class", "channel", "recipient", "template"] where row[field] == nil {
            let flag = field == "recipient" ? "" : ", or pass --\(field) for the whole file"
            throw Problem(field, "missing_field", "is missing", "Every record needs \(field)\(flag).")
        }
        for (field, limit) in limits {
            guard let value = row[field] else { continue }
            let isFit = value.utf8.count <= limit || value.unicodeScalars.count <= limit
            guard isFit, !value.isEmpty, !value.unicodeScalars.contains(where: Address.isControl) else {
                throw Problem(
                    field, "bad_text", "must be 1 … \(limit) characters without control characters",
                    "Shorten or correct \(field), or leave it out.")
            }
        }
        try checkRecipient(row)
        for field in ["scheduled_at", "expires_at"] {
            guard let value = row[field], !isInstant(value) else { continue }
            throw Problem(
                field, "bad_time", "is not an instant with an offset from UTC",
                "Write it as 2026-05-01T09:00:00+02:00 or 2026-05-01T07:00:00Z.")
        }
    }

    private static func checkRecipient(_ row: BulkRow) throws(Problem) {
        guard let channel = row["channel"], let recipient = row["recipient"] else { return }
        guard case .wrong(let fault) = Address.judge(recipient, channel: channel) else { return }
        switch channel {
        case "sms":
            throw Problem(
                "recipient", "bad_recipient", "is not a phone number: it \(fault)",
                "Write it as E.164: +, calling code and number, such as +8613800138000.")
        case "email":
            throw Problem(
                "recipient", "bad_recipient", "is not an e-mail address: it \(fault)",
                "Write one mailbox, such as ann@example.com, without display name.")
        default:
            throw Problem(
                "recipient", "bad_recipient", "is not a usable address",
                "It must be 1 … 512 characters without control characters.")
        }
    }

    /// RFC 3339, a blank for the `T` and an offset without minutes allowed. Without an offset the server's own zone would decide.
    static func isInstant(_ text: String) -> Bool {
        let shape =
            /[0-9]{4}-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:[Zz]|[+\-][0-9]{2}(?::?[0-9]{2})?)/
        return text.wholeMatch(of: shape) != nil
    }
}
