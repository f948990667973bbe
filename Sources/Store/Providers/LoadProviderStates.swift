import Postgres

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
