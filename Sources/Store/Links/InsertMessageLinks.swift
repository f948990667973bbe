import Domain
import Postgres

/// What the tracked links of a batch lead to: in the transaction that commits the attempts, so that no link is sent that leads nowhere. A later
/// attempt that was rendered from another template adds its addresses; none is ever taken away.
public struct InsertMessageLinks: Statement {
    var messageIDs: [MessageID] = []
    var targets: [String] = []
    var expires: [Timestamp] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }

    /// - Parameter targets: without line breaks, each once; not empty.
    public mutating func add(_ message: MessageID, targets: [String], expiresAt: Timestamp) {
        messageIDs.append(message)
        self.targets.append(targets.joined(separator: "\n"))
        expires.append(expiresAt)
    }

    public var sql: String {
        """
        insert into martlet_data.message_links as l (message_id, targets, expires_at)
        select message_id, string_to_array(targets, E'\\n'), expires_at
        from unnest($1::int8[], $2::text[], $3::timestamptz[]) i(message_id, targets, expires_at)
        on conflict (message_id) do update set expires_at = greatest(l.expires_at, excluded.expires_at), targets = l.targets || array(
            select t.target from unnest(excluded.targets) with ordinality t(target, n) where t.target <> all (l.targets) order by t.n)
        where not l.targets @> excluded.targets or l.expires_at + interval '1 hour' < excluded.expires_at
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.textArray(targets)
        parameters.timestamps(expires)
    }
}
