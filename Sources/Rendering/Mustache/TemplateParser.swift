/// Why a Mustache text cannot be compiled.
struct SyntaxFault: Error, Equatable {
    var line: Int
    var column: Int
    var problem: String
    var remedy: String
}

/// Compiles Mustache (mustache(5), specification 1.4) without partials, lambdas and inheritance.
///
/// Section, inverted, closing, comment and delimiter tags that stand alone on a line take the whole line with them.
struct TemplateParser {
    private struct Open {
        var op: Int
        var name: String
        var tag: Int
    }

    private let source: [UInt8]
    private var program = Program()
    private var sections: [Open] = []
    private var opening = Array("{{".utf8)
    private var closing = Array("}}".utf8)
    /// Where the text that no tag has taken yet begins.
    private var pending = 0
    private var line = 1
    private var lineCountedTo = 0
    private var pathIndex: [String: Int] = [:]

    static func compile(_ text: String) throws(SyntaxFault) -> Program {
        var parser = TemplateParser(source: Array(text.utf8))
        return try parser.compile()
    }

    private init(source: [UInt8]) { self.source = source }

    private mutating func compile() throws(SyntaxFault) -> Program {
        guard source.count <= RenderLimits.template else {
            throw SyntaxFault(
                line: 1, column: 1, problem: "the text has \(source.count) bytes, the limit is \(RenderLimits.template)",
                remedy: "shorten it, or link to a page with the rest")
        }
        while let tag = find(opening, from: pending) { try self.tag(at: tag) }
        literal(to: source.count)
        if let open = sections.last {
            throw fault(
                open.tag, "section `\(open.name)` is never closed", "add {{/\(open.name)}} where the section ends")
        }
        return program
    }

    /// Reads the tag whose opening delimiter is at `start`, and the text before it.
    private mutating func tag(at start: Int) throws(SyntaxFault) {
        countLines(to: start)
        var at = start + opening.count
        while at < source.count, isBlank(source[at]) { at += 1 }
        let sigil = at < source.count ? source[at] : 0
        let close =
            sigil == UInt8(ascii: "{") ? Array("}".utf8) + closing : sigil == UInt8(ascii: "=") ? [sigil] + closing : closing
        guard let end = find(close, from: sigil == UInt8(ascii: "=") ? at + 1 : at) else {
            throw fault(
                start, "this tag is never closed",
                "end it with \(String(decoding: close, as: UTF8.self)); for literal braces change the delimiters: {{=<% %>=}}")
        }
        let after = end + close.count
        switch sigil {
        case UInt8(ascii: "#"): try open(.section, start, at + 1, end, after)
        case UInt8(ascii: "^"): try open(.inverted, start, at + 1, end, after)
        case UInt8(ascii: "/"): try closeSection(start, at + 1, end, after)
        case UInt8(ascii: "!"): alone(start, after)
        case UInt8(ascii: "="): try delimiters(start, at + 1, end, after)
        case UInt8(ascii: "{"), UInt8(ascii: "&"): try interpolation(.variable, start, at + 1, end, after)
        case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "$"):
            throw fault(start, "partials and inheritance are not supported", "write the text itself here")
        default: try interpolation(.escaped, start, at, end, after)
        }
    }

    private mutating func interpolation(
        _ kind: Program.Op.Kind, _ start: Int, _ from: Int, _ end: Int, _ after: Int
    ) throws(SyntaxFault) {
        let name = try name(from, end, tag: start)
        literal(to: start)
        program.ops.append(Program.Op(kind: kind, a: path(name), b: 0, line: line))
        pending = after
    }

    private mutating func open(
        _ kind: Program.Op.Kind, _ start: Int, _ from: Int, _ end: Int, _ after: Int
    ) throws(SyntaxFault) {
        let name = try name(from, end, tag: start)
        guard sections.count < RenderLimits.nesting else {
            throw fault(start, "more than \(RenderLimits.nesting) sections inside each other", "flatten the template")
        }
        alone(start, after)
        sections.append(Open(op: program.ops.count, name: name, tag: start))
        program.ops.append(Program.Op(kind: kind, a: path(name), b: 0, line: line))
    }

    private mutating func closeSection(_ start: Int, _ from: Int, _ end: Int, _ after: Int) throws(SyntaxFault) {
        let name = try name(from, end, tag: start)
        guard let open = sections.popLast() else {
            throw fault(start, "{{/\(name)}} closes a section that is not open", "remove it, or add {{#\(name)}} before it")
        }
        guard open.name == name else {
            throw fault(
                start, "{{/\(name)}} stands where section `\(open.name)` must be closed first",
                "close sections in reverse order: {{/\(open.name)}} here")
        }
        alone(start, after)
        if program.ops[open.op].kind == .section {
            program.ops.append(Program.Op(kind: .end, a: open.op, b: 0, line: line))
        }
        program.ops[open.op].b = program.ops.count
    }

    private mutating func delimiters(_ start: Int, _ from: Int, _ end: Int, _ after: Int) throws(SyntaxFault) {
        let words = source[from..<end].split(whereSeparator: isBlank).map(Array.init)
        guard words.count == 2, words.allSatisfy({ !$0.contains(UInt8(ascii: "=")) }) else {
            throw fault(start, "a delimiter tag needs two delimiters", "write it as {{=<% %>=}}")
        }
        alone(start, after)
        opening = words[0]
        closing = words[1]
    }

    private mutating func name(_ from: Int, _ end: Int, tag: Int) throws(SyntaxFault) -> String {
        var from = from
        var end = end
        while from < end, isBlank(source[from]) { from += 1 }
        while from < end, isBlank(source[end - 1]) { end -= 1 }
        let bytes = source[from..<end]
        let name = String(decoding: bytes, as: UTF8.self)
        guard name != "." else { return name }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard !bytes.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isNameByte) }) else {
            throw fault(
                tag, bytes.isEmpty ? "the tag has no name" : "`\(name.prefix(60))` is not a variable name",
                "use letters, digits, `_` and `-`, with `.` between the names of nested objects")
        }
        return name
    }

    private mutating func path(_ name: String) -> Int {
        if let index = pathIndex[name] { return index }
        program.paths.append(VariablePath(name))
        pathIndex[name] = program.paths.count - 1
        return program.paths.count - 1
    }

    /// Ends the text before a tag that writes nothing; if nothing else is on its lines, they go with it.
    private mutating func alone(_ start: Int, _ after: Int) {
        var lineStart = start
        while lineStart > 0, isSpace(source[lineStart - 1]) { lineStart -= 1 }
        var next = after
        while next < source.count, isSpace(source[next]) { next += 1 }
        let startsLine = lineStart == 0 || source[lineStart - 1] == 0x0A
        if startsLine, next == source.count {
            literal(to: lineStart)
            pending = next
        } else if startsLine, source[next] == 0x0A {
            literal(to: lineStart)
            pending = next + 1
        } else if startsLine, source[next] == 0x0D, next + 1 < source.count, source[next + 1] == 0x0A {
            literal(to: lineStart)
            pending = next + 2
        } else {
            literal(to: start)
            pending = after
        }
    }

    private mutating func literal(to end: Int) {
        guard pending < end else { return }
        let start = program.literals.count
        program.literals.append(contentsOf: source[pending..<end])
        program.ops.append(Program.Op(kind: .literal, a: start, b: program.literals.count, line: line))
    }

    private func find(_ delimiter: [UInt8], from start: Int) -> Int? {
        guard source.count >= delimiter.count, start <= source.count - delimiter.count else { return nil }
        for at in start...(source.count - delimiter.count) where source[at] == delimiter[0] {
            if source[at..<at + delimiter.count].elementsEqual(delimiter) { return at }
        }
        return nil
    }

    private mutating func countLines(to position: Int) {
        for at in lineCountedTo..<position where source[at] == 0x0A { line += 1 }
        lineCountedTo = position
    }

    private func fault(_ position: Int, _ problem: String, _ remedy: String) -> SyntaxFault {
        let before = source[..<position]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return SyntaxFault(
            line: before.count { $0 == 0x0A } + 1,
            column: source[lineStart..<position].count { $0 & 0xC0 != 0x80 } + 1,
            problem: problem, remedy: remedy)
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private func isBlank(_ byte: UInt8) -> Bool { isSpace(byte) || byte == 0x0A || byte == 0x0D }
    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), UInt8(ascii: "-"), 0x80...:
            true
        default: false
        }
    }
}
