import Domain
import Postgres

/// Gives back the cap slots of attempts that certainly did not happen. Sorted by key.
public struct ReleaseSlots: Statement {
    public var recipientKeys: [String] = []
    public var messageIDs: [MessageID] = []
    public var attempts: [Int16] = []
    public init() {}
    public var sql: String {
        """
        select count(*) filter (where released) from (
            select martlet_data.release_slot(key, message_id, attempt) as released
            from (select * from unnest($1::text[], $2::int8[], $3::int2[]) i(key, message_id, attempt) order by key offset 0) i) r
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(recipientKeys)
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
    }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
