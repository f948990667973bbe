import Domain
import Postgres

/// The variables of a message (admins only); `{}` once they were erased. The newest requeue's count.
public struct LoadVariables: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public var sql: String {
        """
        select martlet_data.variables_of($1) where exists (select from martlet_data.messages where id = $1)
            or exists (select from martlet_data.dead_letters where message_id = $1)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> String? { try rows.first?.jsonb(0) }
}
