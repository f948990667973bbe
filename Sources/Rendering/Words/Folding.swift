import Foundation

/// The form in which word lists and texts are compared: NFKC, without case, without characters that do not show.
///
/// Close to NFKC_Casefold (Unicode 5.18): characters that are Default_Ignorable (zero-width spaces and joiners, soft hyphen,
/// variation selectors) are removed, so that they cannot split a word.
enum Folding {
    static func fold(_ text: String) -> [UInt32] {
        var folded: [UInt32] = []
        folded.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let simple = simple(scalar.value) else { return full(text) }
            folded.append(simple)
        }
        return folded
    }

    /// The folded form of a scalar that no neighbour can change; nil for all others. Covers English, most of Western Europe and Chinese, so that most texts
    /// never need Foundation's normalisation.
    static func simple(_ scalar: UInt32) -> UInt32? {
        switch scalar {
        case 0x41...0x5A: scalar + 0x20
        case 0...0x7F: scalar
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x3001...0x3020, 0x2013...0x2014, 0x2018...0x201D: scalar
        case 0xC0...0xD6, 0xD8...0xDE: scalar + 0x20
        case 0xE0...0xF6, 0xF8...0xFF: scalar
        case 0x3000: 0x20
        case 0xFF21...0xFF3A: scalar - 0xFEE0 + 0x20
        case 0xFF01...0xFF5E: scalar - 0xFEE0
        default: nil
        }
    }

    static func full(_ text: String) -> [UInt32] {
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
