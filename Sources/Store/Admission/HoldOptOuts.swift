import Postgres

/// Holds these keys until the transaction ends, except those that people are opting out of; answers those that are being opted out of. For messages of
/// a bucket that an opt-out has just locked.
public struct HoldOptOuts: Statement {
    public var keys: [OptOutKey]
    public init(keys: [OptOutKey]) { self.keys = keys }
    public var sql: String {
        """
        select place, hash from unnest($1::int4[], $2::int4[]) k(place, hash) where not pg_try_advisory_xact_lock_shared(place, hash)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4Array(keys.map(\.place))
        parameters.int4Array(keys.map(\.hash))
    }
    public static func read(_ rows: PQRows) throws -> Set<OptOutKey> {
        Set(try rows.map { OptOutKey(place: try $0.int4(0), hash: try $0.int4(1)) })
    }
}
