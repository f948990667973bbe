import Postgres

/// Hard bounces: addresses that must not be written to again, in any class.
public struct InsertSuppressions: Statement {
    public var channels: [String] = []
    public var addresses: [String] = []
    public var scopes: [String] = []
    public var reasons: [String] = []
    public init() {}
    public var sql: String {
        """
        insert into martlet_data.suppressions (channel, address, scope, reason)
        select distinct channel, address, scope, reason from unnest($1::text[], $2::text[], $3::text[], $4::text[]) i(channel, address, scope, reason)
        on conflict (address, channel, scope) where lifted_at is null do nothing
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(channels)
        parameters.textArray(addresses)
        parameters.textArray(scopes)
        parameters.textArray(reasons)
    }
}
