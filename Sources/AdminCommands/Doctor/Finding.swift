/// What `doctor` says about one thing.
struct Finding: Sendable, Equatable {
    enum Grade: String, Sendable {
        case ok, warn, bad
        var style: Style {
            switch self {
            case .ok: .green
            case .warn: .yellow
            case .bad: .red
            }
        }
    }
    /// Stable, for `--json`.
    var check: String
    var grade: Grade
    var found: String
    /// What to do; empty when ok.
    var remedy: String

    static func ok(_ check: String, _ found: String) -> Finding { Finding(check: check, grade: .ok, found: found, remedy: "") }
    static func warn(_ check: String, _ found: String, _ remedy: String) -> Finding {
        Finding(check: check, grade: .warn, found: found, remedy: remedy)
    }
    static func bad(_ check: String, _ found: String, _ remedy: String) -> Finding {
        Finding(check: check, grade: .bad, found: found, remedy: remedy)
    }

    var json: JSONValue {
        [
            "check": .string(check), "grade": .string(grade.rawValue), "found": .string(found),
            "remedy": remedy.isEmpty ? .null : .string(remedy),
        ]
    }
}
