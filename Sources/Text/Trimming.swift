extension StringProtocol {
    package var trimmingBlanks: String {
        guard let last = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[...last].drop { $0.isWhitespace })
    }

    /// What follows the prefix, without blanks around it; nil: the text has another prefix.
    package func dropping(_ prefix: String) -> String? { hasPrefix(prefix) ? dropFirst(prefix.count).trimmingBlanks : nil }

    /// Control characters as blanks: what other people wrote stands in one line.
    package var withoutControls: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? " " : $0 }))
    }
}
