import Domain
import Postgres

/// The standbys that every commit waits for (`synchronous_standby_names`).
public struct StandbyFacts: Statement {
    public init() {}
    public struct Answer: Sendable, Equatable {
        /// Empty: no commit waits for a standby.
        public var names: String
        /// How many of them a commit waits for.
        public var needed: Int
        /// Standbys that are connected.
        public var connected: Int
        /// Those among them that commits wait for; nil: this role may not see which.
        public var synchronous: Int?
    }
    public var sql: String {
        """
        select current_setting('synchronous_standby_names'), coalesce(substring(current_setting('synchronous_standby_names') from '([0-9]+) *[(]')::int4, 1),
            count(r.pid)::int4, case when count(r.pid) = count(r.sync_state) then count(*) filter (where r.sync_state in ('sync', 'quorum'))::int4 end
        from pg_stat_replication r
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        let row = try rows.only
        return Answer(
            names: try row.text(0), needed: Int(try row.int4(1)), connected: Int(try row.int4(2)),
            synchronous: try row.int4OrNull(3).map(Int.init))
    }
}
