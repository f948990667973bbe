import Domain
import Postgres

/// Takes away the first hit that is old enough to be judged: the database refuses to judge it. Answers its message.
public struct DropLinkHit: Statement {
    public init() {}
    public var sql: String { "select martlet_data.drop_visit()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> MessageID? { try rows.only.int8OrNull(0).map { MessageID($0) } }
}
