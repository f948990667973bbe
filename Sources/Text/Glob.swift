/// An address pattern: `*` stands for any run of bytes, `?` for one byte, everything else for itself. Case counts.
package struct Glob: Sendable, Equatable {
    private let pattern: [UInt8]
    private let matchesAll: Bool

    package init(_ pattern: some StringProtocol) {
        self.pattern = Array(pattern.utf8)
        matchesAll = self.pattern == [UInt8(ascii: "*")]
    }

    package func matches(_ address: String) -> Bool {
        if matchesAll { return true }
        var address = address
        return address.withUTF8 { matches($0) }
    }

    /// Greedy with one step back: linear for the patterns people write, never exponential.
    private func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        var next = 0
        var star: Int?
        var resume = 0
        while at < text.count {
            if next < pattern.count, pattern[next] == UInt8(ascii: "*") {
                star = next
                resume = at
                next += 1
            } else if next < pattern.count, pattern[next] == UInt8(ascii: "?") || pattern[next] == text[at] {
                next += 1
                at += 1
            } else if let back = star {
                resume += 1
                at = resume
                next = back + 1
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
