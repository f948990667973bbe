import Domain

/// What a rendered message will cost at one provider, as it would be billed.
public struct Estimate: Sendable, Equatable {
    /// Millionths of a currency.
    public struct Amount: Sendable, Equatable {
        public var micros: Int64
        /// ISO 4217.
        public var currency: String
        public init(micros: Int64, currency: String) {
            self.micros = micros
            self.currency = currency
        }
    }
    /// SMS segments; 1 for everything else.
    public var segments: Int
    /// For all segments; nil when the policy has no price for this provider and address.
    public var amount: Amount?
    /// When it holds: until a price begins or ends.
    public var period: PriceTable.Period
}

/// The prices that are valid at one instant, ready to be looked up. Good for its `period`: make another one after it.
public struct PriceTable: Sendable {
    /// An interval in which no price begins or ends: `from` ≤ t < `until`.
    public struct Period: Sendable, Equatable {
        public var from: Timestamp
        public var until: Timestamp
        public func contains(_ instant: Timestamp) -> Bool { from <= instant && instant < until }
    }

    /// By provider, the longest prefix first.
    private let prices: [String: [Price]]
    public let period: Period

    public init(_ all: [Price], at instant: Timestamp) {
        let edges = all.flatMap { [$0.from, $0.until] }.compactMap(\.self)
        period = Period(
            from: edges.filter { $0 <= instant }.max() ?? Timestamp(microseconds: .min),
            until: edges.filter { $0 > instant }.min() ?? Timestamp(microseconds: .max))
        prices = Dictionary(grouping: all.filter { $0.isValid(at: instant) }, by: \.provider).mapValues { own in
            own.enumerated().sorted { ($1.element.prefix.utf8.count, $0.offset) < ($0.element.prefix.utf8.count, $1.offset) }
                .map(\.element)
        }
    }

    /// Segments and price of a message: that of the longest prefix of `address` among the provider's.
    public func estimate(_ message: RenderedMessage, to address: String, provider: String) -> Estimate {
        let segments = message.segments
        guard let price = prices[provider]?.first(where: { Prefix.matches($0.prefix, address) }) else {
            return Estimate(segments: segments, amount: nil, period: period)
        }
        let (micros, overflow) = price.micros.multipliedReportingOverflow(by: Int64(segments))
        return Estimate(
            segments: segments, amount: overflow ? nil : .init(micros: micros, currency: price.currency), period: period)
    }
}
