import ArgumentParser
import Settings
import Store

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

    /// For `--json`.
    var word: String {
        switch self {
        case .notFound: "not_found"
        case .refused: "refused"
        case .invalidConfiguration: "invalid_configuration"
        case .unavailable: "unavailable"
        case .internalFault: "internal_fault"
        case .cancelled: "cancelled"
        case .notPermitted: "not_permitted"
        case .schemaMismatch: "schema_mismatch"
        }
    }
}

/// Why a command ends early: one sentence, and what to do.
struct AdminError: Error {
    var exit: AdminExit
    var message: String
    var hint: String?
    /// `MT…` when the contract refused it.
    var sqlstate: String?

    init(_ exit: AdminExit, _ message: String, hint: String? = nil, sqlstate: String? = nil) {
        self.exit = exit
        self.message = message
        self.hint = hint
        self.sqlstate = sqlstate
    }

    init(_ errors: ConfigErrors) {
        self.init(.invalidConfiguration, errors.description)
    }

    /// - Parameter role: what the command needs, for "permission denied".
    init(_ error: StoreError, role: DatabaseRole) {
        if let refusal = error.refusal {
            switch refusal.sqlstate {
            case "42501":
                self.init(
                    .notPermitted, "\(refusal.message).",
                    hint: "This command needs the role \(role.rawValue): grant \(role.rawValue) to <your role>.",
                    sqlstate: refusal.sqlstate)
            case "3F000", "42P01", "42883":
                self.init(.schemaMismatch, refusal.message, hint: "Run `martlet migrate status`.", sqlstate: refusal.sqlstate)
            case let state where state.hasPrefix("MT"):
                self.init(.refused, refusal.message, hint: refusal.hint, sqlstate: state)
            case let state where ["08", "53", "57"].contains(state.prefix(2)):
                self.init(.unavailable, error.description, sqlstate: state)
            case let state: self.init(.internalFault, error.description, sqlstate: state)
            }
        } else {
            switch error {
            case .unavailable:
                self.init(
                    .unavailable, error.description,
                    hint:
                        "Is MARTLET_DATABASE_URL (or PGHOST, PGDATABASE, …) right, and does the server run? `martlet doctor` looks closer."
                )
            case .commitUnknown:
                self.init(
                    .unavailable, error.description, hint: "Look with `martlet message show` or `list` before you do it again.")
            default: self.init(.internalFault, error.description)
            }
        }
    }

    /// To standard error: lines for people, or one JSON object.
    func report(asJSON: Bool) {
        let terminal = Terminal.error
        if asJSON {
            let error: JSONValue = [
                "code": .string(exit.word), "message": .string(message), "hint": .text(hint), "sqlstate": .text(sqlstate),
            ]
            return terminal.json(["error": error])
        }
        terminal.line(terminal.styled("error: ", .red) + Printable.text(message))
        if let hint { terminal.line(terminal.styled("hint:  ", .yellow) + Printable.text(hint)) }
    }
}

/// The roles of the contract that commands ask for.
enum DatabaseRole: String {
    case admin = "martlet_admin"
    case reader = "martlet_reader"
    /// Creates roles and schemas.
    case migrator = "a superuser, or the owner of this database with CREATEROLE"
}
