/// Addresses as `martlet.enqueue` sees them (migration 0004: `normalise_address`), so that most mistakes show before the server is asked.
enum Address {
    enum Verdict: Equatable {
        case normal(String)
        /// A national number: the sender's country decides, which only the server or a policy knows.
        case national(digits: String)
        case wrong
    }

    static func judge(_ text: String, channel: String) -> Verdict {
        switch channel {
        case "sms": phone(text)
        case "email": email(text).map(Verdict.normal) ?? .wrong
        default: opaque(text) ? .normal(text) : .wrong
        }
    }

    /// The address in its one spelling, or nil; `country` is a calling code such as `+44`.
    static func normalise(_ text: String, channel: String, country: String?) -> String? {
        switch judge(text, channel: channel) {
        case .normal(let address): return address
        case .wrong: return nil
        case .national(let digits):
            guard let country else { return nil }
            let number = country + (digits.hasPrefix("0") ? String(digits.dropFirst()) : digits)
            return isE164(number) ? number : nil
        }
    }

    /// For people's eyes: `+86138****8000`, `a**@example.com`.
    static func masked(_ address: String) -> String {
        if address.hasPrefix("+") { return "\(address.prefix(6))****\(address.suffix(4))" }
        if let at = address.firstIndex(of: "@") { return "\(address.prefix(1))**\(address[at...])" }
        return "\(address.prefix(2))****"
    }

    private static func phone(_ text: String) -> Verdict {
        if isE164(text) { return .normal(text) }
        var digits = String(String.UnicodeScalarView(text.unicodeScalars.filter { !" .-()/\u{A0}".unicodeScalars.contains($0) }))
        if digits.hasPrefix("00") { digits = "+" + digits.dropFirst(2) }
        if digits.hasPrefix("+") { return isE164(digits) ? .normal(digits) : .wrong }
        let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) } && (1...15).contains(digits.utf8.count)
        return isNumber ? .national(digits: digits) : .wrong
    }

    private static func isE164(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "+"), (8...16).contains(bytes.count) else { return false }
        let digits = bytes.dropFirst()
        return digits.first != 0x30 && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func email(_ text: String) -> String? {
        let scalars = text.unicodeScalars
        guard scalars.count <= 254, let at = scalars.firstIndex(of: "@") else { return nil }
        let local = scalars[..<at]
        let domain = scalars[scalars.index(after: at)...]
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...64).contains(local.count), labels.count >= 2, labels.allSatisfy({ !$0.isEmpty }),
            local.allSatisfy(isAtom), domain.allSatisfy(isAtom)
        else { return nil }
        return String(scalars[...at]) + String(domain).lowercased()
    }

    private static func isAtom(_ scalar: Unicode.Scalar) -> Bool {
        !isControl(scalar) && !scalar.properties.isWhitespace && !"@<>()[],;:\"\\".unicodeScalars.contains(scalar)
    }

    private static func opaque(_ text: String) -> Bool {
        (1...512).contains(text.unicodeScalars.count) && !text.unicodeScalars.contains(where: isControl)
    }

    /// `[[:cntrl:]]` of PostgreSQL.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
