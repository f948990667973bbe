import Domain
import Settings
import Text

/// Checks policy and templates of a directory. Needs no cluster.
public struct CheckConfiguration: Sendable {
    public var directory: ConfigDirectory
    public init(directory: ConfigDirectory) { self.directory = directory }

    public struct Output: Sendable, JSONConvertible {
        /// Empty: it can be applied.
        public var problems: [ConfigProblem] = []
        /// What is allowed, but surprises later.
        public var warnings: [String] = []
        public var policyFiles = 0
        public var classes = 0
        public var caps = 0
        public var templates = 0
        public var isValid: Bool { problems.isEmpty }

        public var json: JSONValue {
            guard isValid else { return ["valid": .bool(false), "problems": .list(problems, \.json), "warnings": []] }
            return [
                "valid": .bool(true), "problems": [], "warnings": .list(warnings) { .string($0) }, "classes": .int(classes),
                "templates": .int(templates),
            ]
        }
    }

    public func run() -> Output {
        do throws(ConfigErrors) {
            let content = try directory.load()
            return Output(
                warnings: content.warnings, policyFiles: content.files.count, classes: content.policy.classes.count,
                caps: content.policy.caps.count, templates: content.templates.count)
        } catch {
            return Output(problems: error.problems)
        }
    }
}

extension ConfigProblem {
    fileprivate var json: JSONValue {
        [
            "file": .string(file), "line": .int(line), "column": .int(column), "path": .string(path),
            "problem": .string(problem), "hint": .string(hint),
        ]
    }
}
