import Operations
import Settings
import Text

/// How `martlet` ends; listed in `martlet --help` and README.md.
enum AdminExit: Int32, CaseIterable {
    case notFound = 1
    case refused = 2
    case invalidConfiguration = 65
    case unavailable = 69
    case internalFault = 70
    case cancelled = 75
    case notPermitted = 77
    case schemaMismatch = 78

    init(_ kind: OperationError.Kind) {
        self =
            switch kind {
            case .notFound: .notFound
            case .refused: .refused
            case .invalidConfiguration: .invalidConfiguration
            case .unavailable: .unavailable
            case .internalFault: .internalFault
            case .cancelled, .notYet: .cancelled
            case .notPermitted: .notPermitted
            case .schemaMismatch: .schemaMismatch
            }
    }
}

extension OperationError {
    var exit: AdminExit { AdminExit(kind) }

    /// To standard error: lines for people, or one JSON object.
    func report(asJSON: Bool) {
        let terminal = Terminal.error
        if asJSON {
            let error: JSONValue = [
                "code": .string(kind.rawValue), "message": .string(message), "hint": .text(hint), "sqlstate": .text(sqlstate),
            ]
            return terminal.json(["error": error])
        }
        terminal.line(terminal.styled("error: ", .red) + Printable.text(message))
        if let hint { terminal.line(terminal.styled("hint:  ", .yellow) + Printable.text(hint)) }
    }
}
