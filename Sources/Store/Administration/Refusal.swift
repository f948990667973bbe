import Postgres

extension StoreError {
    /// What the server said when it refused a statement.
    public struct Refusal: Sendable, Equatable {
        public var sqlstate: String
        public var message: String
        public var hint: String?
    }

    public var refusal: Refusal? {
        guard case .refused(let error) = self else { return nil }
        return Refusal(sqlstate: error.sqlstate, message: error.message, hint: error.hint)
    }
}
