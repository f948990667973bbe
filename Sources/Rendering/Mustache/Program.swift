/// A Mustache text compiled to a flat list of steps: rendering walks it once, without recursion or a tree.
struct Program: Sendable {
    struct Op: Sendable {
        enum Kind: UInt8, Sendable { case literal, variable, escaped, section, inverted, end }
        var kind: Kind
        /// literal: first byte in `literals`; end: index of its section; else index in `paths`.
        var a: Int
        /// literal: end in `literals`; section and inverted: index of the op after their end.
        var b: Int
        /// Line of the tag, from 1.
        var line: Int
    }
    var ops: [Op] = []
    var literals: [UInt8] = []
    var paths: [VariablePath] = []
}

/// What stopped the rendering of one text; the caller adds which template it was.
enum ProgramFault: Error {
    case missing(name: String, line: Int)
    case notText(name: String, kind: String, line: Int)
    case outputTooLarge
    case tooManySteps
}
