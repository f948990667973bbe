extension Table {
    /// For a terminal that is too narrow: figures turned round (a line for each column), if that fits; else a paragraph for each row.
    func narrowLines(colours: Bool, width: Int) -> [String] {
        if columns.dropFirst().allSatisfy(\.isNumber) {
            let turned = turned
            if turned.width <= width { return turned.wideLines(colours: colours) }
        }
        return rows.enumerated().flatMap { index, row in
            (index == 0 ? [] : [""]) + paragraph(row, colours: colours, width: width)
        }
    }

    /// Columns and rows change places; lines without any figure are left out.
    private var turned: Table {
        var table = Table()
        table.columns = [columns[0]] + rows.map { Column(title: $0[0].text, isNumber: true) }
        for column in columns.indices.dropFirst() {
            let cells = rows.map { $0[column] }
            if cells.contains(where: { !$0.text.isEmpty }) { table.rows.append([Cell(columns[column].title)] + cells) }
        }
        return table
    }

    /// The first cell, below it the others by name as many to a line as fit; empty ones are left out.
    private func paragraph(_ row: [Cell], colours: Bool, width: Int) -> [String] {
        // A small number alone would say nothing: `session 4`, `job 7`. What has an id of its own needs no name.
        let title = row[0].text.count < 12 && Int(row[0].text) != nil ? "\(columns[0].title) \(row[0].text)" : row[0].text
        var lines = [row[0].style == .plain ? Style.bold.apply(title, colours) : row[0].style.apply(title, colours)]
        var line = ""
        var used = 0
        func end() {
            if used > 0 { lines.append("  " + line) }
            (line, used) = ("", 0)
        }
        for (column, cell) in zip(columns, row).dropFirst() where !cell.text.isEmpty {
            let name = column.title + " "
            let length = displayWidth(name) + displayWidth(cell.text)
            if used > 0, used + 3 + length > width - 2 { end() }
            if length > width - 2 {
                let parts = wrapped(cell.text, first: width - 2 - displayWidth(name), rest: width - 4)
                for (index, part) in parts.enumerated() {
                    let text = cell.style.apply(part, colours)
                    lines.append(index == 0 ? "  " + Style.dim.apply(name, colours) + text : "    " + text)
                }
                continue
            }
            if used > 0 { line += "   " }
            used += (used > 0 ? 3 : 0) + length
            line += Style.dim.apply(name, colours) + cell.style.apply(cell.text, colours)
        }
        end()
        return lines
    }

    /// Broken at blanks; a word that is too long anywhere.
    private func wrapped(_ text: String, first: Int, rest: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var room: Int { max(8, lines.isEmpty ? first : rest) }
        func end() {
            lines.append(line)
            line = ""
        }
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, displayWidth(line) + 1 + displayWidth(String(word)) > room { end() }
            if !line.isEmpty { line += " " }
            for character in word {
                if displayWidth(line + String(character)) > room { end() }
                line.append(character)
            }
        }
        end()
        return lines
    }
}
