/// What is different between two texts, line by line, as `diff -u` writes it.
enum LineDifference {
    private enum Line {
        case same(String)
        case old(String)
        case new(String)

        var text: String {
            switch self {
            case .same(let text): " " + text
            case .old(let text): "-" + text
            case .new(let text): "+" + text
            }
        }
        var isSame: Bool { if case .same = self { true } else { false } }
    }

    /// Changed lines with `context` unchanged ones around them; empty when nothing differs.
    static func unified(_ old: String, _ new: String, context: Int = 3) -> [String] {
        let lines = merged(lines(of: old), lines(of: new))
        var shown = [Bool](repeating: false, count: lines.count)
        for (index, line) in lines.enumerated() where !line.isSame {
            for near in max(0, index - context)...min(lines.count - 1, index + context) { shown[near] = true }
        }
        var output: [String] = []
        var (oldLine, newLine) = (1, 1)
        for (index, line) in lines.enumerated() {
            if shown[index], index == 0 || !shown[index - 1] { output.append("@@ -\(oldLine) +\(newLine) @@") }
            if shown[index] { output.append(line.text) }
            switch line {
            case .same: (oldLine, newLine) = (oldLine + 1, newLine + 1)
            case .old: oldLine += 1
            case .new: newLine += 1
            }
        }
        return output
    }

    private static func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private static func merged(_ old: [String], _ new: [String]) -> [Line] {
        let difference = new.difference(from: old)
        let removed = Set(difference.removals.map { change in if case .remove(let offset, _, _) = change { offset } else { -1 } })
        let inserted = Set(
            difference.insertions.map { change in if case .insert(let offset, _, _) = change { offset } else { -1 } })
        var lines: [Line] = []
        var (from, to) = (0, 0)
        while from < old.count || to < new.count {
            if removed.contains(from) {
                lines.append(.old(old[from]))
                from += 1
            } else if inserted.contains(to) {
                lines.append(.new(new[to]))
                to += 1
            } else {
                lines.append(.same(old[from]))
                (from, to) = (from + 1, to + 1)
            }
        }
        return lines
    }
}
