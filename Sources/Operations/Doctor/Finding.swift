import Text

/// What the doctor says about one thing.
public struct Finding: Sendable, Equatable, JSONConvertible {
    public enum Grade: String, Sendable, CaseIterable { case ok, warn, bad }
    /// Stable, for programs.
    public var check: String
    public var grade: Grade
    public var found: String
    /// What to do; empty when ok.
    public var remedy: String

    static func ok(_ check: String, _ found: String) -> Finding { Finding(check: check, grade: .ok, found: found, remedy: "") }
    static func warn(_ check: String, _ found: String, _ remedy: String) -> Finding {
        Finding(check: check, grade: .warn, found: found, remedy: remedy)
    }
    static func bad(_ check: String, _ found: String, _ remedy: String) -> Finding {
        Finding(check: check, grade: .bad, found: found, remedy: remedy)
    }

    public var json: JSONValue {
        [
            "check": .string(check), "grade": .string(grade.rawValue), "found": .string(found),
            "remedy": remedy.isEmpty ? .null : .string(remedy),
        ]
    }
}
