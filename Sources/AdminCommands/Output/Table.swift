/// An aligned table for people. Widths are columns of a terminal: Chinese characters take two.
struct Table {
    struct Column {
        var title: String
        var isNumber = false
    }
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var style: Style
        init(_ text: String, _ style: Style = .plain) {
            self.text = Printable.line(text)
            self.style = style
        }
        init(stringLiteral value: String) { self.init(value) }
    }
    var columns: [Column] = []
    var rows: [[Cell]] = []

    /// - Parameter titles: `#` in front marks a column of numbers, shown right.
    init(_ titles: String...) {
        columns = titles.map { title in
            title.hasPrefix("#") ? Column(title: String(title.dropFirst()), isNumber: true) : Column(title: title)
        }
    }

    mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// Lines without blanks at their ends; what is wider than `width` in its narrow form (`NarrowTable.swift`).
    func lines(colours: Bool, width: Int? = nil) -> [String] {
        guard !rows.isEmpty else { return ["none"] }
        let wide = wideLines(colours: colours)
        guard let width, self.width > width else { return wide }
        return narrowLines(colours: colours, width: width)
    }

    /// Columns of the terminal that all of it takes.
    var width: Int {
        let texts = columns.indices.map { column in
            max(displayWidth(columns[column].title), rows.map { displayWidth($0[column].text) }.max() ?? 0)
        }
        return texts.reduce(0, +) + 2 * (columns.count - 1)
    }

    func wideLines(colours: Bool) -> [String] {
        let head = columns.map { Cell($0.title.uppercased(), .dim) }
        let widths = columns.indices.map { column in ([head] + rows).map { displayWidth($0[column].text) }.max() ?? 0 }
        return ([head] + rows).map { row in
            var line = ""
            for (index, cell) in row.enumerated() {
                let blanks = String(repeating: " ", count: widths[index] - displayWidth(cell.text))
                let text = cell.style.apply(cell.text, colours)
                if index > 0 { line += "  " }
                if columns[index].isNumber {
                    line += blanks + text
                } else {
                    line += index == row.count - 1 ? text : text + blanks
                }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}

/// How a text stands out on a terminal; without colours not at all.
enum Style: String {
    case plain = ""
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"

    func apply(_ text: String, _ colours: Bool) -> String {
        colours && self != .plain && !text.isEmpty ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Text that comes from messages, providers and other people: nothing in it may move the cursor or turn the writing round.
enum Printable {
    /// For one line: line breaks become `⏎`.
    static func line(_ text: String) -> String { clean(text, lineBreaks: false) }
    /// Line breaks and tabs stay.
    static func text(_ text: String) -> String { clean(text, lineBreaks: true) }

    private static func clean(_ text: String, lineBreaks: Bool) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where !lineBreaks: out.append("⏎")
            case "\n" where lineBreaks, "\t" where lineBreaks: out.append(scalar)
            case "\r" where lineBreaks: continue
            case _ where isUnsafe(scalar): out.append("\u{FFFD}")
            default: out.append(scalar)
            }
        }
        return String(out)
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// Columns of a terminal that a text takes (after Unicode Standard Annex 11: wide and fullwidth take two).
func displayWidth(_ text: String) -> Int {
    var width = 0
    for character in text {
        var own = 0
        for scalar in character.unicodeScalars where own < 2 {
            if isWide(scalar) {
                own = 2
            } else if own == 0, !isZeroWidth(scalar) {
                own = 1
            } else if scalar.value == 0xFE0F {
                own = 2
            }
        }
        width += own
    }
    return width
}

private func isZeroWidth(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: true
    default: false
    }
}

private func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97C,
        0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
        0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
        true
    default: scalar.properties.isEmojiPresentation
    }
}
