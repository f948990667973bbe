/// Reading scalars out of bytes that are known to be UTF-8.
public enum UTF8Text {
    /// The scalar that begins at `at`, and its length in bytes.
    @inlinable @inline(__always)
    public static func scalar(_ bytes: Span<UInt8>, _ at: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(bytes[at])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(bytes[at + 1]) & 0x3F
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(bytes[at + 2]) & 0x3F
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[at + 3]) & 0x3F, 4)
    }

    /// UTF-16 units of the whole text.
    @inlinable
    public static func units(of bytes: Span<UInt8>) -> Int {
        var units = 0
        for at in bytes.indices {
            let byte = bytes[at]
            if byte & 0xC0 != 0x80 { units += byte >= 0xF0 ? 2 : 1 }
        }
        return units
    }

    /// The last place from `start` on that is at most so many UTF-16 units away and splits no scalar.
    @inlinable
    public static func end(of start: Int, _ bytes: Span<UInt8>, units: Int) -> Int {
        var left = units
        var at = start
        while at < bytes.count {
            let first = bytes[at]
            left -= first >= 0xF0 ? 2 : 1
            guard left >= 0 else { break }
            at += first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        }
        return at
    }

    /// Whether `part` stands at `at`.
    @inlinable
    public static func has(_ part: [UInt8], in text: [UInt8], at start: Int) -> Bool {
        guard start >= 0, text.count - start >= part.count else { return false }
        for index in part.indices where text[start + index] != part[index] { return false }
        return true
    }

    /// Whether `part` stands anywhere.
    @inlinable
    public static func contains(_ part: [UInt8], in text: [UInt8]) -> Bool {
        guard let first = part.first, text.count >= part.count else { return part.isEmpty }
        for at in 0...(text.count - part.count) where text[at] == first && has(part, in: text, at: at) { return true }
        return false
    }
}
