import Text

/// Runs a program over the variables of one message, appending to one buffer.
///
/// Strict where it matters: interpolating a name that is missing or null is a fault, because a message with a hole in it is worse
/// than none. Sections ask whether something is there, so a missing name is simply false for them; so are null, `false`, an empty
/// list and an empty text.
struct Interpreter {
    /// One open section: its value is the innermost context.
    private struct Frame {
        var context: Int
        /// Next element of the list and where the list ends; equal when nothing is left to repeat.
        var next: Int
        var end: Int
    }

    private let program: Program
    private let variables: Variables
    private let limits: RenderLimits
    private var frames: [Frame] = []
    private var steps = 0

    init(_ program: Program, _ variables: Variables, _ limits: RenderLimits) {
        self.program = program
        self.variables = variables
        self.limits = limits
    }

    mutating func run(into output: inout [UInt8]) throws(ProgramFault) {
        let text = variables.text
        let bytes = text.utf8Span.span
        var at = 0
        while at < program.ops.count {
            let op = program.ops[at]
            steps += 1
            guard steps <= limits.steps else { throw .tooManySteps }
            at += 1
            switch op.kind {
            case .literal: output.append(contentsOf: program.literals[op.a..<op.b])
            case .variable, .escaped: try interpolate(op, bytes, into: &output)
            case .section: if !enter(op, bytes) { at = op.b }
            case .inverted: if truth(of: resolve(op, bytes)) { at = op.b }
            case .end: if again() { at = op.a + 1 }
            }
            guard output.count <= limits.output else { throw .outputTooLarge }
        }
    }

    private mutating func interpolate(_ op: Program.Op, _ bytes: Span<UInt8>, into output: inout [UInt8]) throws(ProgramFault) {
        guard let index = resolve(op, bytes) else { throw .missing(name: program.paths[op.a].text, line: op.line) }
        let node = variables.nodes[index]
        switch node.kind {
        case .null: throw .missing(name: program.paths[op.a].text, line: op.line)
        case .object, .list: throw .notText(name: program.paths[op.a].text, kind: node.name, line: op.line)
        case .string where op.kind == .escaped: HTML.escape(bytes.extracting(Int(node.start)..<Int(node.end)), into: &output)
        case .escapedString where op.kind == .escaped:
            var decoded: [UInt8] = []
            JSONEscape.decode(bytes, Int(node.start), Int(node.end), into: &decoded)
            HTML.escape(decoded.span, into: &output)
        case .escapedString: JSONEscape.decode(bytes, Int(node.start), Int(node.end), into: &output)
        case .string, .number, .yes, .no:
            bytes.extracting(Int(node.start)..<Int(node.end)).withUnsafeBufferPointer { output.append(contentsOf: $0) }
        }
    }

    /// Opens a section; false when it is to be skipped.
    private mutating func enter(_ op: Program.Op, _ bytes: Span<UInt8>) -> Bool {
        guard let index = resolve(op, bytes), truth(of: index) else { return false }
        let node = variables.nodes[index]
        if node.kind == .list {
            let first = index + 1
            frames.append(Frame(context: first, next: Int(variables.nodes[first].next), end: Int(node.next)))
        } else {
            frames.append(Frame(context: index, next: 0, end: 0))
        }
        return true
    }

    /// At the end of a section: true when the list has another element.
    private mutating func again() -> Bool {
        let last = frames.count - 1
        let frame = frames[last]
        guard frame.next < frame.end else {
            frames.removeLast()
            return false
        }
        frames[last].context = frame.next
        frames[last].next = Int(variables.nodes[frame.next].next)
        return true
    }

    private func truth(of index: Int?) -> Bool {
        guard let index else { return false }
        let node = variables.nodes[index]
        switch node.kind {
        case .null, .no: return false
        case .list: return Int(node.next) > index + 1
        case .string: return node.count > 0
        case .object, .escapedString, .number, .yes: return true
        }
    }

    /// Looks for the first name from the innermost context outwards, for the rest only within what was found (mustache(5)).
    private mutating func resolve(_ op: Program.Op, _ bytes: Span<UInt8>) -> Int? {
        let path = program.paths[op.a]
        guard let first = path.names.first else { return frames.last?.context ?? 0 }
        var depth = frames.count - 1
        while depth >= -1 {
            let context = depth < 0 ? 0 : frames[depth].context
            steps += Int(variables.nodes[context].next) - context
            if let found = variables.member(first, of: context, bytes) {
                guard path.names.count > 1 else { return found }
                return variables.find(path, after: found, bytes)
            }
            depth -= 1
        }
        return nil
    }
}
