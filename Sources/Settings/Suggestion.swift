/// The candidate that `word` probably means: at most two edits away (one for short words), or nil.
public func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
    let reach = word.count <= 4 ? 1 : 2
    let folded = word.lowercased().replacing("-", with: "_")
    return
        candidates
        .map { (edits(folded, $0.lowercased().replacing("-", with: "_")), $0) }
        .filter { $0.0 <= reach }
        .min { $0 < $1 }?
        .1
}

/// What to tell about an unknown `word`: the probable meaning, or all that is known.
public func knownWords(_ word: String, among candidates: some Collection<String>) -> String {
    if let meant = suggestion(for: word, among: candidates) { return "did you mean \(meant)?" }
    if candidates.isEmpty { return "none is defined" }
    return "known: " + candidates.sorted().prefix(30).joined(separator: ", ")
}

/// Damerau–Levenshtein distance (adjacent swaps count one), for words of at most 64 characters.
func edits(_ left: String, _ right: String) -> Int {
    let left = Array(left.prefix(64))
    let right = Array(right.prefix(64))
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
        var row = [i + 1]
        for j in right.indices {
            var cost = min(last[j] + (left[i] == right[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            row.append(cost)
        }
        (beforeLast, last) = (last, row)
    }
    return last[right.count]
}
