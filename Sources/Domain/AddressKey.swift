/// What doubles in a file are found by: `martlet_data.address_key`, which is the one that decides about suppressions and caps. Differs from it only in
/// full-width letters of a domain (no compatibility mapping here).
public enum AddressKey {
    public static func of(_ address: String) -> String {
        if let at = address.firstIndex(of: "@"), at > address.startIndex {
            let host = address[address.index(after: at)...].split(separator: ".", omittingEmptySubsequences: false)
            return address[..<at].lowercased() + "@" + host.map { unicode(String($0)).lowercased() }.joined(separator: ".")
        }
        let bare = address.prefixMatch(of: /(?i:tel|sms|whatsapp):/).map { address[$0.range.upperBound...] } ?? address[...]
        let isNumber =
            (7...16).contains(bare.utf8.count) && bare.first != "0" && bare.drop { $0 == "+" }.allSatisfy { ("0"..."9") ~= $0 }
        return isNumber ? phone(bare.first == "+" ? String(bare) : "+\(bare)") : address
    }

    /// An address of a channel of its own as it is stored (`martlet_data.normalise_address`): what is written as a phone with `+` without blanks,
    /// brackets, dots and dashes.
    public static func plain(_ address: String) -> String {
        guard address.wholeMatch(of: /((?i:tel|sms|whatsapp): ?)?[(]?[+][1-9][0-9 ().\-]{5,30}/) != nil else { return address }
        return address.filter { !" ().-".contains($0) }
    }

    private static func phone(_ number: String) -> String {
        let length = number.utf8.count
        if number.hasPrefix("+521"), length == 14 { return "+52" + number.dropFirst(4) }
        if number.hasPrefix("+549"), length == 14 { return "+54" + number.dropFirst(4) }
        if number.hasPrefix("+55"), length == 13, ("6"..."9") ~= number[number.index(number.startIndex, offsetBy: 5)] {
            return number.prefix(5) + "9" + number.dropFirst(5)
        }
        if number.hasPrefix("+229"), length == 12 { return "+22901" + number.dropFirst(4) }
        return number
    }

    /// A label in Unicode: `xn--fsq` is `中` (RFC 3492). What is no punycode stays as it is.
    static func unicode(_ label: String) -> String {
        let lower = label.lowercased()
        guard lower.hasPrefix("xn--"), lower.utf8.count > 4, lower.utf8.count <= 63, lower.utf8.allSatisfy(isOfLabel) else {
            return label
        }
        let input = Array(lower.utf8.dropFirst(4))
        let hyphen = input.lastIndex(of: UInt8(ascii: "-"))
        var points = input[..<(hyphen ?? 0)].map(UInt32.init)
        var (n, i, bias, at) = (128, 0, 72, hyphen.map { $0 + 1 } ?? 0)
        while at < input.count {
            let old = i
            var (weight, k) = (1, 36)
            while true {
                guard at < input.count, let digit = digit(input[at]), i + digit * weight <= 1_000_000_000 else { return label }
                at += 1
                i += digit * weight
                let t = max(1, min(26, k - bias))
                if digit < t { break }
                weight *= 36 - t
                k += 36
            }
            let count = points.count + 1
            bias = adapted((i - old) / (old == 0 ? 700 : 2), count)
            n += i / count
            i %= count
            guard Unicode.Scalar(UInt32(n)) != nil else { return label }
            points.insert(UInt32(n), at: i)
            i += 1
        }
        // A label that hides ASCII is no domain, and must not share a key with one.
        guard points.contains(where: { $0 > 127 }) else { return label }
        return String(String.UnicodeScalarView(points.compactMap(Unicode.Scalar.init)))
    }

    private static func adapted(_ first: Int, _ count: Int) -> Int {
        var (delta, k) = (first + first / count, 0)
        while delta > 455 {
            delta /= 35
            k += 36
        }
        return k + 36 * delta / (delta + 38)
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte) - 97
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte) - 48 + 26
        default: nil
        }
    }

    private static func isOfLabel(_ byte: UInt8) -> Bool { digit(byte) != nil || byte == UInt8(ascii: "-") }
}
