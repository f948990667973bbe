import Postgres

/// Policies whose providers are not those of the one after them, newest first, as far as that one was applied lately: what is under way may still be
/// theirs.
public struct LoadReplacedPolicies: Statement {
    /// Providers change no more often than that while a receipt is on its way.
    public static let most = 100
    public var since: Duration
    public init(since: Duration) { self.since = since }
    public struct Replaced: Sendable {
        public var version: Int
        /// A JSON object: file name → text.
        public var files: String
        /// How long ago the one after it was applied.
        public var age: Duration
    }
    public var sql: String {
        """
        select version, files, clock_timestamp() - replaced_at from (
            select version, files, lead(applied_at) over w as replaced_at, files->>'providers.yaml' is distinct from lead(files->>'providers.yaml') over w as changes
            from martlet_data.policies
            where version >= coalesce((select max(version) from martlet_data.policies where applied_at <= clock_timestamp() - $1::interval), 0)
            window w as (order by version)) p
        where replaced_at > clock_timestamp() - $1::interval and changes order by version desc limit \(Self.most)
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(since) }
    public static func read(_ rows: PQRows) throws -> [Replaced] {
        try rows.map { Replaced(version: Int(try $0.int4(0)), files: try $0.jsonb(1), age: try $0.interval(2)) }
    }
}
