import Text

/// Finds all words of all lists in one walk over the text (Aho and Corasick, 1975), over folded scalars.
///
/// Built once per policy. Edges live in one open-addressing table, and most characters of a text are dismissed by a bit set of
/// the characters that begin some word.
struct WordMatcher: Sendable {
    struct Hit: Sendable, Equatable {
        var list: Int
        var word: Int
    }
    private struct Node: Sendable {
        /// Longest proper suffix that is also a prefix of a word.
        var fallback = 0
        /// Words that end here.
        var hits: [Hit] = []
        /// Nearest node on the way of fallbacks with hits; 0 for none.
        var nextHits = 0
    }

    private var nodes = [Node()]
    private var keys: [UInt64] = []
    private var targets: [Int32] = []
    private var mask = 0
    private var begins = [UInt64](repeating: 0, count: 1024)

    var isEmpty: Bool { nodes.count == 1 }

    /// - Parameter lists: the words of each list; those that fold to nothing are left out.
    init(_ lists: [[String]]) {
        var edges: [UInt64: Int] = [:]
        for (list, words) in lists.enumerated() {
            for (word, text) in words.enumerated() { add(Folding.fold(text), Hit(list: list, word: word), &edges) }
        }
        index(edges)
        link(edges)
    }

    private mutating func add(_ scalars: [UInt32], _ hit: Hit, _ edges: inout [UInt64: Int]) {
        guard let first = scalars.first else { return }
        begins[Int(first & 0xFFFF) >> 6] |= 1 << UInt64(first & 63)
        var node = 0
        for scalar in scalars {
            let key = Self.key(node, scalar)
            if let next = edges[key] {
                node = next
            } else {
                nodes.append(Node())
                edges[key] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].hits.append(hit)
    }

    private mutating func index(_ edges: [UInt64: Int]) {
        var size = 16
        while size < edges.count * 2 { size *= 2 }
        mask = size - 1
        keys = Array(repeating: .max, count: size)
        targets = Array(repeating: 0, count: size)
        for (key, node) in edges {
            var slot = Self.slot(key, mask)
            while keys[slot] != .max { slot = (slot + 1) & mask }
            keys[slot] = key
            targets[slot] = Int32(node)
        }
    }

    /// Sets the fallbacks breadth first. A node's parent always has a smaller number, but not a smaller depth: hence the sort.
    private mutating func link(_ edges: [UInt64: Int]) {
        var children: [[(scalar: UInt32, node: Int)]] = Array(repeating: [], count: nodes.count)
        for (key, node) in edges { children[Int(key >> 21)].append((UInt32(key & 0x1F_FFFF), node)) }
        var queue = [0]
        var head = 0
        while head < queue.count {
            let parent = queue[head]
            head += 1
            for (scalar, child) in children[parent] {
                let fallback = parent == 0 ? 0 : next(nodes[parent].fallback, scalar)
                nodes[child].fallback = fallback
                nodes[child].nextHits = nodes[fallback].hits.isEmpty ? nodes[fallback].nextHits : fallback
                queue.append(child)
            }
        }
    }

    /// Calls `found` for every occurrence, in order of the words' ends. A text whose characters all fold alone is folded on the way,
    /// without a copy; in any other one a character may compose with the one before it, so that nothing is known until all is folded.
    func scan(_ text: String, _ found: (Hit) -> Void) {
        let bytes = text.utf8Span.span
        var at = 0
        while at < bytes.count {
            let (scalar, length) = UTF8Text.scalar(bytes, at)
            if scalar >= 0x80, Folding.simple(scalar) == Folding.unknown { return scan(Folding.fold(text), found) }
            at += length
        }
        var node = 0
        at = 0
        while at < bytes.count {
            let (scalar, length) = UTF8Text.scalar(bytes, at)
            var folded = Folding.simple(scalar)
            while folded != Folding.hidden {
                step(&node, UInt32(folded & 0x1F_FFFF), found)
                folded >>= 21
            }
            at += length
        }
    }

    private func scan(_ scalars: [UInt32], _ found: (Hit) -> Void) {
        var node = 0
        for scalar in scalars { step(&node, scalar, found) }
    }

    @inline(__always)
    private func step(_ node: inout Int, _ scalar: UInt32, _ found: (Hit) -> Void) {
        if node == 0, begins[Int(scalar & 0xFFFF) >> 6] & (1 << UInt64(scalar & 63)) == 0 { return }
        node = next(node, scalar)
        var ending = nodes[node].hits.isEmpty ? nodes[node].nextHits : node
        while ending != 0 {
            nodes[ending].hits.forEach(found)
            ending = nodes[ending].nextHits
        }
    }

    private func next(_ from: Int, _ scalar: UInt32) -> Int {
        var node = from
        while true {
            if let target = edge(node, scalar) { return target }
            if node == 0 { return 0 }
            node = nodes[node].fallback
        }
    }

    private func edge(_ node: Int, _ scalar: UInt32) -> Int? {
        let key = Self.key(node, scalar)
        var slot = Self.slot(key, mask)
        while keys[slot] != .max {
            if keys[slot] == key { return Int(targets[slot]) }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private static func key(_ node: Int, _ scalar: UInt32) -> UInt64 { UInt64(node) << 21 | UInt64(scalar) }
    private static func slot(_ key: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
    }
}
