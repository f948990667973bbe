/// One reply of a server (RFC 5321, 4.2), with its enhanced status code (RFC 2034) where there is one.
package struct SMTPReply: Equatable, Sendable {
    package struct Enhanced: Equatable, Sendable, CustomStringConvertible {
        var status: Int
        package var subject: Int
        package var detail: Int

        package init(status: Int, subject: Int, detail: Int) {
            self.status = status
            self.subject = subject
            self.detail = detail
        }

        package var description: String { "\(status).\(subject).\(detail)" }
    }
    package var code: Int
    /// Without codes and separators; control characters are blanks.
    package var lines: [String]
    package var enhanced: Enhanced?

    package init(code: Int, lines: [String], enhanced: Enhanced? = nil) {
        self.code = code
        self.lines = lines
        self.enhanced = enhanced
    }

    package var text: String { lines.joined(separator: " ") }
    package var isPositive: Bool { (200..<300).contains(code) }
    /// `smtp_550_5.1.1`, or `smtp_550` without an enhanced code.
    package var failureCode: String { enhanced.map { "smtp_\(code)_\($0)" } ?? "smtp_\(code)" }
    /// What an admin reads: the server's own words.
    package var shown: String { "\(code) \(enhanced.map { "\($0) " } ?? "")\(text)" }
}

/// Cuts replies out of bytes in whatever pieces they come, within bounds.
package struct SMTPReplyParser: Sendable {
    package enum Problem: Error, Equatable {
        /// RFC 5321 says 512 octets; 4,096 are taken.
        case lineTooLong
        case tooManyLines
        case malformed
    }
    package static let longestLine = 4096
    package static let mostLines = 100

    private var pending: [UInt8] = []
    private var lines: [String] = []
    private var enhanced: SMTPReply.Enhanced?

    package init() {}

    /// Bytes that belong to no complete reply yet, or to one without a command of ours.
    package var hasBytes: Bool { !pending.isEmpty || !lines.isEmpty }

    package mutating func append(_ bytes: some Sequence<UInt8>) { pending.append(contentsOf: bytes) }

    /// The next complete reply; nil: more bytes are needed.
    package mutating func next() throws(Problem) -> SMTPReply? {
        while let end = pending.firstIndex(of: 0x0A) {
            guard end <= Self.longestLine else { throw .lineTooLong }
            var line = pending[..<end]
            if line.last == 0x0D { line = line.dropLast() }
            let (code, isLast) = try take(line)
            pending.removeSubrange(...end)
            if isLast {
                defer { (lines, enhanced) = ([], nil) }
                return SMTPReply(code: code, lines: lines, enhanced: enhanced)
            }
            guard lines.count < Self.mostLines else { throw .tooManyLines }
        }
        guard pending.count <= Self.longestLine else { throw .lineTooLong }
        return nil
    }

    private mutating func take(_ line: ArraySlice<UInt8>) throws(Problem) -> (code: Int, isLast: Bool) {
        guard line.count >= 3, let code = Self.number(line.prefix(3)), (200..<600).contains(code) else { throw .malformed }
        let separator = line.dropFirst(3).first ?? UInt8(ascii: " ")
        guard separator == UInt8(ascii: " ") || separator == UInt8(ascii: "-") else { throw .malformed }
        var text = line.dropFirst(4)
        if let (code, length) = Self.enhanced(text) {
            if enhanced == nil { enhanced = code }
            text = text.dropFirst(length)
        }
        let isClean = text.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        lines.append(
            isClean
                ? String(decoding: text, as: UTF8.self)
                : String(decoding: text.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self))
        return (code, separator == UInt8(ascii: " "))
    }

    /// Of one to three digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// `5.1.1 ` at the start: class 2, 4 or 5, then two numbers of at most three digits (RFC 3463).
    private static func enhanced(_ text: ArraySlice<UInt8>) -> (SMTPReply.Enhanced, Int)? {
        guard let first = text.first, "245".utf8.contains(first), text.dropFirst().first == UInt8(ascii: ".") else {
            return nil
        }
        let rest = text.dropFirst(2)
        let subject = rest.prefix { $0 != UInt8(ascii: ".") && $0 != 0x20 }
        let detail = rest.dropFirst(subject.count + 1).prefix { $0 != 0x20 }
        guard rest.dropFirst(subject.count).first == UInt8(ascii: "."), let subject = number(subject), let detail = number(detail)
        else { return nil }
        let length = text.prefix { $0 != 0x20 }.count
        return (.init(status: Int(first - 0x30), subject: subject, detail: detail), min(length + 1, text.count))
    }
}
