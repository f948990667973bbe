/// Counting septets.
extension GSM7 {
    /// Septets that a character takes: 1, 2, or 0 when the alphabet does not have it.
    @inline(__always)
    private static func septets(_ scalar: UInt32, _ codes: [UInt8]) -> Int {
        guard scalar < 0x400 else { return scalar == 0x20AC ? 2 : 0 }
        let code = codes[Int(scalar)]
        return code < inExtension ? 1 : code == none ? 0 : 2
    }

    /// Septets of a whole UTF-8 text, or nil when a character is not in the alphabet.
    public static func septets(of bytes: Span<UInt8>) -> Int? {
        let codes = codes
        var total = 0
        var at = 0
        while at < bytes.count {
            let (scalar, length) = UTF8Text.scalar(bytes, at)
            let septets = septets(scalar, codes)
            guard septets > 0 else { return nil }
            total += septets
            at += length
        }
        return total
    }

    /// The last place from `start` on that is at most so many septets away and splits no pair. All characters are in the alphabet.
    public static func end(of start: Int, _ bytes: Span<UInt8>, septets: Int) -> Int {
        let codes = codes
        var left = septets
        var at = start
        while at < bytes.count {
            let (scalar, length) = UTF8Text.scalar(bytes, at)
            left -= self.septets(scalar, codes)
            guard left >= 0 else { break }
            at += length
        }
        return at
    }
}
