import Postgres

/// Tells the other workers and admins what this one sees of its providers; takes away what workers left behind that are gone.
public struct WriteProviderHealth: Statement {
    public var session: Int32
    public var seen: [ProviderSeen]
    public init(session: Int32, seen: [ProviderSeen]) {
        self.session = session
        self.seen = seen
    }
    public var sql: String {
        """
        with gone as (delete from martlet_data.provider_health where at < clock_timestamp() - interval '10 minutes')
        insert into martlet_data.provider_health as h (session, provider, at, circuit, reason, accepted, failed, throttled, refused, latency_ms, unanswered, waiting)
        select $1, provider, clock_timestamp(), circuit, reason, accepted, failed, throttled, refused, latency_ms, unanswered, waiting
        from unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::int4[], $11::int4[])
            s(provider, circuit, reason, accepted, failed, throttled, refused, latency_ms, unanswered, waiting)
        on conflict (session, provider) do update set at = excluded.at, circuit = excluded.circuit, reason = excluded.reason, accepted = excluded.accepted,
            failed = excluded.failed, throttled = excluded.throttled, refused = excluded.refused, latency_ms = excluded.latency_ms,
            unanswered = excluded.unanswered, waiting = excluded.waiting
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.textArray(seen.map(\.provider))
        parameters.textArray(seen.map(\.circuit))
        parameters.textArray(seen.map(\.reason))
        parameters.float8Array(seen.map(\.accepted))
        parameters.float8Array(seen.map(\.failed))
        parameters.float8Array(seen.map(\.throttled))
        parameters.float8Array(seen.map(\.refused))
        parameters.float8Array(seen.map { $0.latency / .milliseconds(1) })
        parameters.int4Array(seen.map { Int32(clamping: $0.unanswered) })
        parameters.int4Array(seen.map { Int32(clamping: $0.waiting) })
    }
}
