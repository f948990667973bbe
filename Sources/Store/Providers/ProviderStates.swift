import Domain
import Postgres

/// What an admin has ordered about a provider.
public enum ProviderOrder: Sendable, Equatable {
    /// Takes nothing; what was admitted for it and not handed over comes back.
    case paused
    /// Takes nothing new.
    case draining
    /// Another provider takes all of its messages.
    case moved(to: String)
}

/// The orders in force, and the circuits that other workers found open in the last seconds.
public struct LoadProviderStates: Statement {
    /// The asking worker's own session.
    public var session: Int32
    public init(session: Int32) { self.session = session }

    public struct Answer: Sendable {
        public var orders: [String: ProviderOrder] = [:]
        /// By provider, why.
        public var open: [String: String] = [:]
    }

    public var sql: String {
        """
        select provider, state, target from martlet_data.provider_orders
        union all
        select h.provider, 'open', max(h.reason) from martlet_data.provider_health h join martlet_data.sessions s on s.id = h.session
        where h.session <> $1 and h.circuit = 'open' and h.at > clock_timestamp() - interval '5 seconds' and s.ended_at is null and s.fenced_at is null
        group by h.provider limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(session) }
    public static func read(_ rows: PQRows) throws -> Answer {
        try rows.reduce(into: Answer()) { answer, row in
            let provider = try row.text(0)
            switch try row.text(1) {
            case "paused": answer.orders[provider] = .paused
            case "draining": answer.orders[provider] = .draining
            case "moved": answer.orders[provider] = .moved(to: try row.text(2))
            default: answer.open[provider] = try row.textOrNull(2) ?? "another worker's circuit is open"
            }
        }
    }
}

/// What a worker sees of one provider.
public struct ProviderSeen: Sendable, Equatable {
    public var provider: String
    /// `closed`, `open`, `half_open`, `unusable`.
    public var circuit: String
    public var reason: String?
    /// Answers a second.
    public var accepted: Double
    public var failed: Double
    public var throttled: Double
    public var refused: Double
    public var latency: Duration
    public var unanswered: Int
    public var waiting: Int

    /// False: nothing has happened there lately.
    public var isWorthTelling: Bool {
        circuit != "closed" || unanswered + waiting > 0 || accepted + failed + throttled + refused > 0
    }

    public init(
        provider: String, circuit: String, reason: String?, accepted: Double, failed: Double, throttled: Double, refused: Double,
        latency: Duration, unanswered: Int, waiting: Int
    ) {
        self.provider = provider
        self.circuit = circuit
        self.reason = reason
        self.accepted = accepted
        self.failed = failed
        self.throttled = throttled
        self.refused = refused
        self.latency = latency
        self.unanswered = unanswered
        self.waiting = waiting
    }
}

extension ProviderSeen {
    /// One that this worker cannot open.
    public init(unusable provider: String, _ reason: String) {
        self.init(
            provider: provider, circuit: "unusable", reason: reason, accepted: 0, failed: 0, throttled: 0, refused: 0,
            latency: .zero, unanswered: 0, waiting: 0)
    }
}

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
