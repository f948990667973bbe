import Domain

/// Addresses as `martlet.enqueue` sees them (`martlet_data.normalise_address`), so that most mistakes show before the server is asked.
enum Address {
    enum Verdict: Equatable {
        case normal(String)
        /// A national number: the sender's country decides, which only the server or a policy knows.
        case national(digits: String)
        /// What is wrong; empty: see `RowCheck`.
        case wrong(String)
    }

    /// - Parameter country: a calling code such as `+44`, where it is known.
    static func judge(_ text: String, channel: String, country: String? = nil) -> Verdict {
        switch channel {
        case "sms":
            switch PhoneNumber.read(text, country: country) {
            case .number(let number): .normal(number)
            case .national(let digits): .national(digits: digits)
            case .fault(let fault): .wrong(fault)
            }
        case "email":
            switch Mailbox.read(text) {
            case (let address?, _): .normal(address)
            case (nil, let fault): .wrong(fault ?? "")
            }
        default: opaque(text) ? .normal(text) : .wrong("")
        }
    }

    /// For people's eyes: `+86138****8000`, `a**@example.com`.
    static func masked(_ address: String) -> String {
        if address.hasPrefix("+") { return "\(address.prefix(6))****\(address.suffix(4))" }
        if let at = address.firstIndex(of: "@") { return "\(address.prefix(1))**\(address[at...])" }
        return "\(address.prefix(2))****"
    }

    private static func opaque(_ text: String) -> Bool {
        (1...512).contains(text.unicodeScalars.count) && !text.unicodeScalars.contains(where: isControl)
            && !AddressText.isBlank(text)
    }

    /// `[[:cntrl:]]` of PostgreSQL.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
