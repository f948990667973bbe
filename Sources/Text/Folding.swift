import Foundation

/// The form in which word lists and texts are compared: NFKC, without case, without characters that do not show.
///
/// Close to NFKC_Casefold (Unicode 5.18): characters that are Default_Ignorable (zero-width spaces and joiners, soft hyphen,
/// variation selectors) are removed, so that they cannot split a word.
public enum Folding {
    /// Only stretches that neither table nor arithmetic folds go through Foundation (dear: a microsecond a character). Such a stretch
    /// takes the character before it along, which may compose with it; the other characters never compose backwards.
    public static func fold(_ text: String) -> [UInt32] {
        var folded: [UInt32] = []
        folded.reserveCapacity(text.utf8.count)
        var previous: (scalar: Unicode.Scalar, start: Int)?
        var stretch = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let packed = simple(scalar.value)
            if packed == hidden { continue }
            if packed == unknown {
                if let before = previous {
                    folded.removeLast(folded.count - before.start)
                    stretch.append(before.scalar)
                    previous = nil
                }
                stretch.append(scalar)
                continue
            }
            if !stretch.isEmpty {
                folded += full(String(stretch))
                stretch = String.UnicodeScalarView()
            }
            previous = (scalar, folded.count)
            append(packed, to: &folded)
        }
        if !stretch.isEmpty { folded += full(String(stretch)) }
        return folded
    }

    /// The definition, for any text.
    public static func full(_ text: String) -> [UInt32] {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint { shown.append(scalar) }
        var folded: [UInt32] = []
        for scalar in String(shown).precomposedStringWithCompatibilityMapping.unicodeScalars {
            // Upper, then lower: brings together what lower case alone keeps apart (ß and ss, final sigma).
            for upper in scalar.properties.uppercaseMapping.unicodeScalars {
                for lower in upper.properties.lowercaseMapping.unicodeScalars where !lower.properties.isDefaultIgnorableCodePoint
                {
                    folded.append(lower.value)
                }
            }
        }
        return folded
    }
}

/// Characters whose folded form depends on no neighbour.
extension Folding {
    /// Folds to nothing.
    @inlinable public static var hidden: UInt64 { 0 }
    /// Only `full` can tell.
    @inlinable public static var unknown: UInt64 { .max }

    /// Up to three folded scalars, 21 bits each, the first lowest; or `hidden`, or `unknown`. Arithmetic for ASCII, ideographs,
    /// Hangul syllables, full-width forms and emoji; a table for the other scripts that need no context.
    public static func simple(_ scalar: UInt32) -> UInt64 {
        switch scalar {
        case 0x41...0x5A: UInt64(scalar + 0x20)
        // 0 would read as hidden; it is no part of a word.
        case 0...0x7F: UInt64(max(scalar, 1))
        case tableStart..<tableEnd: table[Int(scalar - tableStart)]
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3: UInt64(scalar)
        case 0xFF21...0xFF3A: UInt64(scalar - 0xFEE0 + 0x20)
        case 0xFF01...0xFF5E: UInt64(scalar - 0xFEE0)
        case 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF: UInt64(scalar)
        case 0xFE0E...0xFE0F, 0xFEFF: hidden
        default: unknown
        }
    }

    private static func append(_ packed: UInt64, to folded: inout [UInt32]) {
        var rest = packed
        while rest != 0 {
            folded.append(UInt32(rest & 0x1F_FFFF))
            rest >>= 21
        }
    }

    private static let tableStart: UInt32 = 0x80
    private static let tableEnd: UInt32 = 0x3400
    /// Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic; Thai; Latin and Greek extensions, punctuation, symbols; kana and CJK
    /// punctuation. Indic scripts and Hangul letters have characters of combining class 0 that compose backwards: not here.
    private static let scripts: [ClosedRange<UInt32>] = [
        0x80...0x8FF, 0xE00...0xE7F, 0x1E00...0x2BFF, 0x3000...0x312F, 0x3190...0x33FF,
    ]

    /// Worked out from `full` by one call, when the first word list is prepared (some milliseconds).
    private static let table: [UInt64] = {
        var table = [UInt64](repeating: unknown, count: Int(tableEnd - tableStart))
        let scalars = scripts.joined().compactMap(Unicode.Scalar.init).filter {
            $0.properties.canonicalCombiningClass == .notReordered
        }
        var lines = String.UnicodeScalarView()
        for scalar in scalars { lines.append(contentsOf: [scalar, "\n"]) }
        for (scalar, folded) in zip(scalars, full(String(lines)).split(separator: 0x0A, omittingEmptySubsequences: false)) {
            guard folded.count <= 3 else { continue }
            table[Int(scalar.value - tableStart)] = folded.reversed().reduce(0) { $0 << 21 | UInt64($1) }
        }
        return table
    }()
}
