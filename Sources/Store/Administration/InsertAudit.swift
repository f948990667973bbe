import Postgres

/// Who did what, and why; `actor` is the session's user.
public struct InsertAudit: Statement {
    public var action: String
    public var object: String
    public var why: String?
    /// JSON or nil.
    public var detail: String?
    public init(action: String, object: String, why: String?, detail: String?) {
        self.action = action
        self.object = object
        self.why = why
        self.detail = detail
    }
    public var sql: String { "insert into martlet_data.audit (action, object, why, detail) values ($1, $2, $3, $4)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(action)
        parameters.text(object)
        parameters.text(why)
        parameters.jsonb(detail)
    }
}
