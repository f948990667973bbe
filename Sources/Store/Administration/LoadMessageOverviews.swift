import Domain
import Postgres

/// Of these messages the newest that are in a state; nil: in any.
public struct LoadMessageOverviews: Statement {
    public var ids: [MessageID]
    public var state: String?
    public var limit: Int
    public init(ids: [MessageID], state: String?, limit: Int) {
        self.ids = ids
        self.state = state
        self.limit = limit
    }
    public var sql: String {
        """
        select \(MessageOverview.columns) from martlet_data.message_overviews($1) where $2::text is null or state = $2
        order by message_id desc limit $3
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int8Array(ids.map(\.rawValue))
        parameters.text(state)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [MessageOverview] { try rows.map(MessageOverview.init) }
}
