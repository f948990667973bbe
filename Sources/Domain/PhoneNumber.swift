/// A phone number as people and programs write it, read as `martlet_data.read_phone` reads it: E.164, or what is wrong with it.
///
/// What stands with `+` or `00` is international. All else is read by the plan of the sender's country: a mobile number as it
/// stands, a number behind the trunk prefix or behind the calling code or behind both. Only what has exactly one reading is taken.
public enum PhoneNumber: Sendable, Equatable {
    case number(String)
    /// No `+`, no `00`, and no country was given.
    case national(digits: String)
    case fault(String)

    /// - Parameter country: the sender's `default_country`, such as `+44`.
    public static func read(_ written: String, country: String?) -> PhoneNumber {
        if isPlain(written) { return .number(written) }
        let text = AddressText.plain(written, isPhone: true)
        if let fault = fault(of: text) { return .fault(fault) }
        let digits = text.filter { ("0"..."9") ~= $0 }
        let hasZeroInBrackets = text.contains("(0)")
        if text.contains("+") {
            return international(digits, hasZeroInBrackets, isStrict: false).map(PhoneNumber.number)
                ?? .fault(
                    "is no international number: behind + stand calling code and number, 7 to 15 digits, the first not 0"
                )
        }
        if digits.hasPrefix("00") {
            return international(String(digits.dropFirst(2)), hasZeroInBrackets, isStrict: true).map(PhoneNumber.number)
                ?? .fault("is no international number behind its 00")
        }
        guard let country else { return .national(digits: digits) }
        return national(digits, country)
    }

    /// E.164 that nothing more need be looked up for: `martlet_data.is_e164`.
    public static func isPlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "+"), (8...16).contains(bytes.count), bytes[1] != 0x30,
            bytes.dropFirst().allSatisfy({ (0x30...0x39).contains($0) }), !text.hasPrefix("+10"), !text.hasPrefix("+11")
        else { return false }
        // A trunk prefix behind the calling code, one digit too long: Russia, Belarus, Turkmenistan, Marshall Islands.
        switch (text.prefix(5), bytes.count) {
        case ("+3758", 14), ("+9938", 12...13), ("+6921", 12...13): return false
        case _ where text.hasPrefix("+78") && bytes.count == 13: return false
        default: break
        }
        guard bytes[2...4].contains(0x30) else { return true }
        let code =
            switch bytes[1] {
            case 0x31, 0x37: 1
            default: NumberingPlan.of(text.dropFirst().prefix(2)) == nil ? 3 : 2
            }
        return bytes[1 + code] != 0x30
    }

    private static func national(_ digits: String, _ country: String) -> PhoneNumber {
        guard let plan = NumberingPlan.of(country.dropFirst()) else {
            return .fault("has no +, and nothing is known about the numbers of \(country)")
        }
        // A country that shares its calling code: +1868.
        let area = country.dropFirst(1 + plan.code.count)
        let asItStands: Set<String> = [digits, area + digits]
        // Where there is a trunk prefix, a fixed number cannot be reached without it.
        var readings = asItStands.filter { plan.trunk.isEmpty ? plan.isNumber($0) : plan.isMobile($0) }
        for prefix in [plan.trunk, plan.code, plan.code + plan.trunk] where !prefix.isEmpty && digits.hasPrefix(prefix) {
            let rest = String(digits.dropFirst(prefix.count))
            if plan.isNumber(rest), !asItStands.contains(rest) { readings.insert(rest) }
        }
        let found = readings.map { "+\(plan.code)\($0)" }.sorted()
        switch found.count {
        case 1: return .number(found[0])
        case 0:
            let behind = plan.trunk.isEmpty ? "the calling code" : "\(plan.trunk) or the calling code"
            return .fault("is no number of \(country), neither as it stands nor behind \(behind)")
        default: return .fault("can be read as \(found.joined(separator: " and as "))")
        }
    }

    /// - Parameters:
    ///   - digits: those behind `+` or `00`.
    ///   - isStrict: behind `00`, which may be the `0011` of another country: the length must be known.
    private static func international(_ digits: String, _ hasZeroInBrackets: Bool, isStrict: Bool) -> String? {
        guard (7...17).contains(digits.utf8.count), !digits.hasPrefix("0") else { return nil }
        var result = digits
        if let plan = NumberingPlan.of(digits) {
            var rest = String(digits.dropFirst(plan.code.count))
            if !plan.isNumber(rest) {
                // Behind 00 a 1 1 is no +1 with its trunk prefix, but the beginning of 0011.
                if !(isStrict && plan.code == "1"), let short = shortened(rest, plan, hasZeroInBrackets) { rest = short }
                let isNone = rest.hasPrefix("0") && !plan.hasZero || plan.code == "1" && rest < "2"
                if isStrict, isNone || !plan.lengths.contains(rest.utf8.count) { return nil }
            }
            result = plan.code + rest
        } else if isStrict {
            return nil
        }
        return (7...15).contains(result.utf8.count) ? "+\(result)" : nil
    }

    /// Without a trunk prefix that stands behind the calling code; nil: there is none.
    private static func shortened(_ rest: String, _ plan: NumberingPlan, _ hasZeroInBrackets: Bool) -> String? {
        let short: String
        if !plan.trunk.isEmpty, rest.hasPrefix(plan.trunk) {
            short = String(rest.dropFirst(plan.trunk.count))
        } else if hasZeroInBrackets, !plan.hasZero, rest.hasPrefix("0") {
            short = String(rest.dropFirst())
        } else {
            return nil
        }
        let isTooLong = plan.trunk == "0" || !plan.lengths.contains(rest.utf8.count)
        return plan.isNumber(short) || !short.hasPrefix("0") && plan.lengths.contains(short.utf8.count) && isTooLong ? short : nil
    }

    private static func fault(of text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.wholeMatch(of: /[+\-]?[0-9]+(?:[.,][0-9]+)?[eE][+\-]?[0-9]+/) != nil {
            return
                "was turned into a power of ten by a spreadsheet, and digits of it are lost: format the column as text and export it again"
        }
        if text.firstMatch(of: /[0-9]\.0$|^\+?[0-9]+\.00$/) != nil {
            return "ends in .0, so a program took it for an amount: export the column as text"
        }
        if !text.unicodeScalars.allSatisfy({ "0123456789+ ().-/".unicodeScalars.contains($0) }) {
            return "has characters that are no part of a phone number"
        }
        let hasTwo = text.firstMatch(of: /[0-9][0-9 .\-]{5,}[0-9] *\/ *[0-9][0-9 .\-]{5,}[0-9]/) != nil
        let inside = text.drop { "( ".contains($0) }.dropFirst()
        return inside.contains("+") || hasTwo ? "is more than one number" : nil
    }
}
