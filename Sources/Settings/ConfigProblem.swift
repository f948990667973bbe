/// One thing that is wrong in a file under `Config/`: where, what, and what to do about it.
public struct ConfigProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// Name of the file as it was given (`classes.yaml`, `login-code/en.sms.mustache`).
    public var file: String
    /// From 1; nil when the file as a whole is meant.
    public var line: Int?
    /// From 1, counted in Unicode scalars.
    public var column: Int?
    /// The field, such as `classes.otp.lane`; empty for the whole file.
    public var path: String
    public var problem: String
    public var hint: String

    public init(
        file: String, line: Int? = nil, column: Int? = nil, path: String = "", problem: String, hint: String = ""
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.problem = problem
        self.hint = hint
    }

    /// `classes.yaml:3:11: classes.otp.lane: 9 is not between 0 and 7; choose a lane from 0 to 7`
    public var description: String {
        var text = file
        if let line { text += ":\(line)" }
        if line != nil, let column { text += ":\(column)" }
        if !path.isEmpty { text += ": \(path)" }
        text += ": \(problem)"
        return hint.isEmpty ? text : "\(text); \(hint)"
    }
}

/// Everything that is wrong with a set of files, in the order of file, line and column. Never empty.
public struct ConfigErrors: Error, Sendable, Equatable, CustomStringConvertible {
    public var problems: [ConfigProblem]

    public init(_ problems: [ConfigProblem]) {
        self.problems = problems.sorted {
            ($0.file, $0.line ?? 0, $0.column ?? 0, $0.path) < ($1.file, $1.line ?? 0, $1.column ?? 0, $1.path)
        }
    }

    /// One line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
