/// Words that mail servers say, and what they mean. Matched without case in text whose blanks are single; at word limits.
///
/// `*` inside stands for at most 80 octets of anything; `*` at the end leaves the last word open (`throttl*`).
package struct MailPhrase: Sendable {
    let cause: MailCause
    let text: String
    /// The servers and providers that say it.
    let source: String
    /// Is certain as an answer to the content, too: there some providers say "unknown user" for a recipient's filter.
    let isCertainAfterData: Bool
    private let pieces: [[UInt8]]
    private let isOpen: Bool
    /// Pairs of neighbours in its first piece: where one is missing in a text, nothing needs to be searched.
    private let pairs: [Int]

    private static let longestGap = 80

    init(_ cause: MailCause, _ text: String, _ source: String, isCertainAfterData: Bool = false) {
        self.cause = cause
        self.text = text
        self.source = source
        self.isCertainAfterData = isCertainAfterData
        isOpen = text.hasSuffix("*")
        pieces = text.split(separator: "*").map { Array($0.trimmed.utf8) }
        pairs = Self.pairs(pieces[0])
    }

    private static func pairs(_ bytes: [UInt8]) -> [Int] { zip(bytes, bytes.dropFirst()).map { Int($0) << 8 | Int($1) } }

    /// Which pairs of neighbours a text has.
    static func index(_ text: [UInt8]) -> [Bool] {
        var found = [Bool](repeating: false, count: 1 << 16)
        for pair in pairs(text) { found[pair] = true }
        return found
    }

    func mayMatch(_ index: [Bool]) -> Bool { pairs.allSatisfy { index[$0] } }

    /// `text`: as `MailWords` gives it.
    func matches(_ text: [UInt8]) -> Bool {
        var from = 0
        while let start = find(pieces[0], in: text, from: from, isLast: pieces.count == 1) {
            if rest(of: text, after: start + pieces[0].count) { return true }
            from = start + 1
        }
        return false
    }

    private func rest(of text: [UInt8], after end: Int) -> Bool {
        var end = end
        for (index, piece) in pieces.enumerated().dropFirst() {
            let limit = min(text.count, end + Self.longestGap + piece.count)
            guard let next = find(piece, in: text, from: end, isLast: index + 1 == pieces.count), next + piece.count <= limit
            else { return false }
            end = next + piece.count
        }
        return true
    }

    private func find(_ piece: [UInt8], in text: [UInt8], from: Int, isLast: Bool) -> Int? {
        guard let first = piece.first, text.count >= piece.count else { return nil }
        var index = from
        let last = text.count - piece.count
        while index <= last {
            guard text[index] == first, index == 0 || !Self.joins(text[index - 1], first), Self.equals(text, index, piece) else {
                index += 1
                continue
            }
            let end = index + piece.count
            if isLast && isOpen || end == text.count || !Self.joins(piece[piece.count - 1], text[end]) { return index }
            index += 1
        }
        return nil
    }

    private static func equals(_ text: [UInt8], _ index: Int, _ piece: [UInt8]) -> Bool {
        for offset in piece.indices where text[index + offset] != piece[offset] { return false }
        return true
    }

    /// Both belong to one word.
    private static func joins(_ left: UInt8, _ right: UInt8) -> Bool { isWord(left) && isWord(right) }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte >= 0x80
    }
}

/// Text as phrases are looked for in it: lower case, single blanks, plain apostrophes, at most 16 KiB.
enum MailWords {
    static let longest = 16_384

    static func fold(_ text: some StringProtocol) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(min(text.utf8.count, longest))
        for byte in String(text.prefix(longest)).replacing("\u{2019}", with: "'").lowercased().utf8 {
            if byte <= 0x20 || byte == 0x7F {
                if let last = output.last, last != 0x20 { output.append(0x20) }
            } else {
                output.append(byte)
            }
            if output.count >= longest { break }
        }
        return output
    }
}
