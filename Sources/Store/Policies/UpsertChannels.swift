import Domain
import Postgres

/// Channels that providers of the policy serve beside sms and email; their addresses are opaque.
public struct UpsertChannels: Statement {
    public var channels: [Channel]
    public init(channels: [Channel]) { self.channels = channels }
    public var sql: String {
        "insert into martlet_data.channels (name, address_kind) select name, 'opaque' from unnest($1::text[]) i(name) on conflict (name) do update set retired_at = null"
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(channels.map(\.rawValue)) }
}
