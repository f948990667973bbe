import Campaigns
import Domain
import Rendering
import Settings
import Store

/// Why a use case could not be done: one sentence, and what to do.
public struct OperationError: Error, Sendable, CustomStringConvertible {
    /// The raw value is what programs read.
    public enum Kind: String, Sendable, CaseIterable {
        /// What was asked for does not exist; nothing matched.
        case notFound = "not_found"
        /// The contract, or a rule of the use case, does not allow it.
        case refused
        case invalidConfiguration = "invalid_configuration"
        /// The database cannot be reached, or it is not known whether it committed.
        case unavailable
        case internalFault = "internal_fault"
        /// It was not confirmed, or another person was faster.
        case cancelled
        /// What was waited for did not come in time.
        case notYet = "not_yet"
        case notPermitted = "not_permitted"
        case schemaMismatch = "schema_mismatch"
    }
    public var kind: Kind
    public var message: String
    public var hint: String?
    /// `MT…` when the contract refused it.
    public var sqlstate: String?

    public init(_ kind: Kind, _ message: String, hint: String? = nil, sqlstate: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
        self.sqlstate = sqlstate
    }

    public var description: String { hint.map { Advice.sentences(message, $0) } ?? message }

    public init(_ errors: ConfigErrors) { self.init(.invalidConfiguration, errors.description) }

    public init(_ error: RenderError) { self.init(.refused, "\(error.code): \(error.sentence)", hint: error.remedy) }

    /// - Parameter role: what the use case needs, to be named when the database does not permit it.
    public init(_ error: any Error, role: Role) {
        switch error {
        case let error as OperationError: self = error
        case let error as StoreError: self.init(error, role: role)
        case let error as ConfigErrors: self.init(error)
        case let error as RenderError: self.init(error)
        case let error as CampaignError: self.init(error)
        case is CancellationError: self.init(.cancelled, "It was stopped before it was done.")
        default: self.init(.internalFault, "\(error)")
        }
    }

    static func notPermitted(_ message: String, _ role: Role, sqlstate: String? = nil) -> OperationError {
        OperationError(
            .notPermitted, message, hint: "This needs the role \(role.rawValue): grant \(role.rawValue) to <your role>.",
            sqlstate: sqlstate)
    }
}

extension OperationError {
    private init(_ error: StoreError, role: Role) {
        if let refusal = error.refusal {
            self.init(refusal, error, role)
            return
        }
        switch error {
        case .unavailable:
            let hint =
                "Is MARTLET_DATABASE_URL (or PGHOST, PGDATABASE, …) right, and does the server run? `martlet doctor` looks closer."
            self.init(.unavailable, error.description, hint: hint)
        case .commitUnknown:
            self.init(
                .unavailable, error.description, hint: "Look with `martlet message show` or `list` before you do it again.")
        default: self.init(.internalFault, error.description)
        }
    }

    private init(_ refusal: StoreError.Refusal, _ error: StoreError, _ role: Role) {
        switch refusal.sqlstate {
        case "42501": self = .notPermitted("\(refusal.message).", role, sqlstate: refusal.sqlstate)
        case "3F000", "42P01", "42883":
            self.init(.schemaMismatch, refusal.message, hint: "Run `martlet migrate status`.", sqlstate: refusal.sqlstate)
        case let state where state.hasPrefix("MT"):
            self.init(.refused, refusal.message, hint: refusal.hint, sqlstate: state)
        case let state where ["08", "53", "57"].contains(state.prefix(2)):
            self.init(.unavailable, error.description, sqlstate: state)
        case let state: self.init(.internalFault, error.description, sqlstate: state)
        }
    }
}
