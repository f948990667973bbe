import Domain

/// What a rendered message will cost at one provider, as it would be billed.
public struct Estimate: Sendable, Equatable {
    /// Millionths of a currency.
    public struct Amount: Sendable, Equatable {
        public var micros: Int64
        /// ISO 4217.
        public var currency: String
    }
    /// SMS segments; 1 for everything else.
    public var segments: Int
    /// For all segments; nil when the policy has no price for this provider and address.
    public var amount: Amount?

    /// Takes the price with the longest prefix of `address` among the provider's.
    public init(_ message: RenderedMessage, to address: String, provider: String, prices: [Price]) {
        self.segments = message.segments
        let own = prices.filter { $0.provider == provider }
        guard let price = Prefix.longest(own, for: address, prefix: \.prefix) else { return }
        let (micros, overflow) = price.micros.multipliedReportingOverflow(by: Int64(segments))
        self.amount = overflow ? nil : Amount(micros: micros, currency: price.currency)
    }
}
