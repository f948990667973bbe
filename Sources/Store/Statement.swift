import Postgres

/// One SQL statement of the binaries: its text, its parameters, its answer. One type each, its name the SQL's first comment.
///
/// `StatementTests` prepares every statement listed in `Statements` on a migrated database.
public protocol Statement: Sendable {
    associatedtype Answer: Sendable
    var sql: String { get }
    func bind(_ parameters: inout PQParams) throws
    static func read(_ rows: PQRows) throws -> Answer
}

extension Statement {
    /// The type's own name.
    public static var name: String { String(describing: Self.self) }

    var call: PQCall {
        get throws { try PQCall(Self.name, sql) { try bind(&$0) } }
    }
}

extension Statement where Answer == Void {
    public static func read(_ rows: PQRows) throws {}
}
