import Domain
import Store

/// What can be said about one person of a list without the server, which judges again, and alone judges zones and doubles.
enum PersonCheck {
    private static let limits = [("person", 256), ("locale", 35), ("tier", 64), ("time_zone", 64)]

    /// Addresses that are written in another way than the server keeps them are rewritten.
    static func check(_ row: inout BulkRow) throws(Problem) {
        guard row["sms"] != nil || row["email"] != nil || row["addresses"] != nil else {
            throw Problem("address", "missing_field", "has no address", "Give sms, email or addresses.")
        }
        for (field, limit) in limits {
            guard let value = row[field] else { continue }
            let isFit = value.utf8.count <= limit || value.unicodeScalars.count <= limit
            guard isFit, !value.isEmpty, !value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
                throw Problem(
                    field, "bad_text", "must be 1 … \(limit) characters without control characters",
                    "Shorten or correct \(field).")
            }
        }
        if let variables = row["variables"], variables.utf8.count > 16_384 {
            throw Problem(
                "variables", "too_long", "are \(variables.utf8.count) bytes, the limit is 16384",
                "Put what is long behind a link.")
        }
        if let number = row["sms"], !isPlainNumber(number) {
            row["sms"] = try read(number, "sms", "a phone number", "+8613800138000")
        }
        if let mailbox = row["email"] { row["email"] = try read(mailbox, "email", "a mailbox", "ann@example.com") }
    }

    /// A plus and 7 to 15 digits without anything to look at more closely: nearly all numbers of nearly all files.
    private static func isPlainNumber(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "+"), (8...16).contains(bytes.count) else { return false }
        return bytes.dropFirst().allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } && !text.hasPrefix("+0")
    }

    private static func read(_ text: String, _ field: String, _ what: String, _ example: String) throws(Problem) -> String {
        switch Address.judge(text, channel: field) {
        case .normal(let address): return address
        case .national: return text
        case .wrong(let fault): throw Problem(field, "bad_recipient", "is not \(what): it \(fault)", "Write it as \(example).")
        }
    }
}
