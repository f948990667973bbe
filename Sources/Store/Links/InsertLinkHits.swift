import Domain
import Postgres

/// Writes hits down, to be judged some seconds later.
public struct InsertLinkHits: Statement {
    public var hits: [LinkHit]
    public init(_ hits: [LinkHit]) { self.hits = hits }
    public var sql: String {
        """
        insert into martlet_data.link_visits (message_id, link, machine, at)
        select message_id, link, machine, clock_timestamp() - age
        from unnest($1::int8[], $2::int2[], $3::text[], $4::interval[]) i(message_id, link, machine, age)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        let now = ContinuousClock.now
        parameters.messageIDs(hits.map(\.messageID))
        parameters.int2Array(hits.map(\.link))
        parameters.textArray(hits.map(\.machine))
        parameters.intervalArray(hits.map { now - $0.at })
    }
}
