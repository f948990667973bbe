/// The answer of a server as it is quoted in a report: `550 5.1.1 …`, `smtp;550-5.1.1 …`, `5.1.0 - Unknown address error 550-'5.1.1 …'`, `… (#5.1.1)`.
struct QuotedReply: Equatable {
    var code: Int?
    var enhanced: SMTPReply.Enhanced?

    /// The first reply code, and the first enhanced code that says something.
    init(_ text: some StringProtocol) {
        let bytes = Array(text.utf8.prefix(MailWords.longest))
        var general: SMTPReply.Enhanced?
        var isBefore = false
        var index = 0
        while index < bytes.count, code == nil || enhanced == nil || isBefore {
            guard Self.isDigit(bytes[index]), index == 0 || !Self.isWord(bytes[index - 1]) else {
                index += 1
                continue
            }
            let end = bytes[index...].firstIndex { !Self.isDigit($0) && $0 != UInt8(ascii: ".") } ?? bytes.endIndex
            let token = bytes[index..<end]
            if code == nil, let found = Self.code(token, before: end < bytes.count ? bytes[end] : 0x20) { code = found }
            // What stands before the reply is a gateway's view of it: "5.1.0 - Unknown address error 550-'5.7.1 …'" (Cisco IronPort).
            if enhanced == nil || isBefore && code != nil, let found = SMTPReply.Enhanced(token) {
                if found.isGeneral { general = general ?? found } else { (enhanced, isBefore) = (found, code == nil) }
            }
            index = max(end, index + 1)
        }
        enhanced = enhanced ?? general
    }

    /// A reply code stands before a blank, a hyphen or other punctuation, and is one that servers use.
    private static func code(_ token: ArraySlice<UInt8>, before next: UInt8) -> Int? {
        guard token.count == 3, " -:,;)'\"]".utf8.contains(next) else { return nil }
        guard let code = Int(String(decoding: token, as: UTF8.self)) else { return nil }
        switch code {
        case 421, 450...459, 500...505, 510...512, 521...525, 530...538, 541, 550...557, 571, 572: return code
        default: return nil
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || ".@/=+_".utf8.contains(byte)
    }
}

extension SMTPReply.Enhanced {
    /// `5.1.1` and nothing else, but a full stop.
    init?(_ token: ArraySlice<UInt8>) {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: true)
        guard parts.count == 3, parts[0].count == 1, parts.allSatisfy({ $0.count <= 3 }) else { return nil }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 3, [2, 4, 5].contains(numbers[0]) else { return nil }
        self.init(status: numbers[0], subject: numbers[1], detail: numbers[2])
    }

    /// x.0.0: no more than the class.
    var isGeneral: Bool { subject == 0 && detail == 0 }
}
