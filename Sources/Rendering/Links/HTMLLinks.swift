/// Finds the addresses of `<a href>` and `<area href>` in HTML, in one walk. What it does not understand it leaves alone.
struct HTMLLinks {
    /// An attribute's value as it is written.
    struct Value: Equatable {
        var range: Range<Int>
    }
    private let html: [UInt8]
    private var at = 0

    init(_ html: [UInt8]) { self.html = html }

    /// Where the next value stands; nil: there is no other.
    mutating func next() -> Value? {
        while let open = index(of: UInt8(ascii: "<"), from: at) {
            at = open + 1
            if has("<!--", open) {
                guard let close = find("-->", from: open + 4) else { return nil }
                at = close + 3
                continue
            }
            guard at < html.count, isLetter(html[at]) else { continue }
            guard let tag = tag() else { return nil }
            if tag.name == "script" || tag.name == "style" {
                guard let close = find("</\(tag.name)", from: at) else { return nil }
                at = close
            } else if tag.name == "a" || tag.name == "area", let href = tag.href, !tag.isLeftAlone {
                return Value(range: href)
            }
        }
        return nil
    }

    private struct Tag {
        var name: String
        var href: Range<Int>?
        /// It has `data-no-track`.
        var isLeftAlone = false
    }

    /// Reads a tag whose name begins at `at` up to behind its `>`; nil: it never ends.
    private mutating func tag() -> Tag? {
        let start = at
        while at < html.count, !isSpace(html[at]), html[at] != UInt8(ascii: ">"), html[at] != UInt8(ascii: "/") { at += 1 }
        // Names that are longer are none that we look for.
        var tag = Tag(name: at - start > 8 ? "" : lower(start..<at))
        while at < html.count {
            while at < html.count, isSpace(html[at]) || html[at] == UInt8(ascii: "/") { at += 1 }
            guard at < html.count else { return nil }
            if html[at] == UInt8(ascii: ">") {
                at += 1
                return tag
            }
            let nameStart = at
            at += 1  // even a `=`: at the start of a name it belongs to it
            while at < html.count, !isSpace(html[at]), !"/>=".utf8.contains(html[at]) { at += 1 }
            let name = at - nameStart > 13 ? "" : lower(nameStart..<at)
            guard let value = value() else { return nil }
            if name == "data-no-track" { tag.isLeftAlone = true }
            if name == "href", tag.href == nil { tag.href = value }
        }
        return nil
    }

    /// The value behind an attribute's name, empty where there is none; nil: it never ends.
    private mutating func value() -> Range<Int>? {
        var next = at
        while next < html.count, isSpace(html[next]) { next += 1 }
        guard next < html.count, html[next] == UInt8(ascii: "=") else { return at..<at }
        at = next + 1
        while at < html.count, isSpace(html[at]) { at += 1 }
        guard at < html.count else { return nil }
        let quote = html[at]
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard let close = index(of: quote, from: at + 1) else { return nil }
            defer { at = close + 1 }
            return at + 1..<close
        }
        let start = at
        while at < html.count, !isSpace(html[at]), html[at] != UInt8(ascii: ">") { at += 1 }
        return start..<at
    }

    // MARK: bytes

    /// Where the last `</body` stands, for what is put in front of it; nil: nowhere.
    static func endOfBody(_ html: [UInt8]) -> Int? {
        let links = HTMLLinks(html)
        var found: Int?
        var from = 0
        while let next = links.find("</body", from: from) {
            found = next
            from = next + 1
        }
        return found
    }

    private func index(of byte: UInt8, from start: Int) -> Int? { start < html.count ? html[start...].firstIndex(of: byte) : nil }

    /// Without regard to the case of ASCII letters; `word` is in lower case.
    private func has(_ word: String, _ start: Int) -> Bool {
        guard html.count - start >= word.utf8.count else { return false }
        return zip(word.utf8, html[start...]).allSatisfy { $0 == ((0x41...0x5A).contains($1) ? $1 | 0x20 : $1) }
    }

    private func find(_ word: String, from start: Int) -> Int? {
        guard let first = word.utf8.first else { return nil }
        var at = start
        while let next = index(of: first, from: at) {
            if has(word, next) { return next }
            at = next + 1
        }
        return nil
    }

    private func lower(_ range: Range<Int>) -> String { String(decoding: html[range], as: UTF8.self).lowercased() }
    private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

/// The value of an attribute as browsers read it, as far as addresses need it.
enum HTMLAttribute {
    private static let named: [String: String] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]

    /// Without character references and white space at the ends; nil: it has references that are not known here.
    static func decoded(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var output: [UInt8] = []
        var at = value.startIndex
        while at < value.endIndex {
            guard value[at] == UInt8(ascii: "&") else {
                output.append(value[at])
                at += 1
                continue
            }
            let name = value[(at + 1)...].prefix(12).prefix { LinkScanner.isWord($0) || $0 == UInt8(ascii: "#") }
            let behind = name.endIndex < value.endIndex ? value[name.endIndex] : nil
            if behind == UInt8(ascii: ";") {
                guard let text = reference(String(decoding: name, as: UTF8.self)) else { return nil }
                output += Array(text.utf8)
                at = name.endIndex + 1
            } else if name.isEmpty || behind == UInt8(ascii: "=") {
                output.append(value[at])  // `?a=1&b=2`: what browsers take for an ampersand
                at += 1
            } else {
                return nil
            }
        }
        let front = output.drop(while: isSpace)
        return Array(front.reversed().drop(while: isSpace).reversed())
    }

    private static func reference(_ name: String) -> String? {
        if let text = named[name] { return text }
        guard name.hasPrefix("#") else { return nil }
        let isHex = name.dropFirst().lowercased().hasPrefix("x")
        let number = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
        return number.flatMap { (0x20...0x7E).contains($0) ? Unicode.Scalar($0) : nil }.map { String(Character($0)) }
    }
}
