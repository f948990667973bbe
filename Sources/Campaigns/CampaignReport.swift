import Store

/// The arithmetic of a report: sums, shares and their intervals.
public struct CampaignReport: Sendable {
    /// A share with its 95 % interval after Wilson (1927), which also holds for few people and for none.
    public struct Rate: Sendable, Equatable {
        public var rate: Double
        public var low: Double
        public var high: Double

        public init(_ hits: Int64, of total: Int64) {
            guard total > 0 else {
                (rate, low, high) = (0, 0, 1)
                return
            }
            let (n, z) = (Double(total), 1.959964)
            rate = Double(hits) / n
            let middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
            let reach = z / (1 + z * z / n) * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
            (low, high) = (max(0, middle - reach), min(1, middle + reach))
        }

        public var percent: String { Self.shown(rate) }
        public var interval: String { "\(Self.shown(low)) … \(Self.shown(high))" }
        private static func shown(_ share: Double) -> String { "\((share * 10_000).rounded() / 100) %" }
    }
    public struct Variant: Sendable {
        public var name: String
        public var members: Int64
        public var sent: Int64
        public var goals: Int64
        /// Of all its members, so that a holdout can be compared.
        public var goalRate: Rate { Rate(goals, of: members) }
    }

    public let counts: [RunReport.Count]
    public let members: Int64

    public init(_ counts: [RunReport.Count], members: Int64) {
        self.counts = counts
        self.members = members
    }

    /// Sent, skipped, failed, unknown, held out, released and waiting are all of them.
    public var addsUp: Bool { counts.reduce(0) { $0 + $1.members } == members }
    public var sent: Int64 { sum(of: "sent") }
    public var goals: Int64 { counts.reduce(0) { $0 + $1.goals } }
    public var variants: [Variant] {
        Dictionary(grouping: counts, by: \.variant).map { name, counts in
            Variant(
                name: name, members: counts.reduce(0) { $0 + $1.members },
                sent: counts.reduce(0) { $0 + ($1.state == "sent" ? $1.members : 0) }, goals: counts.reduce(0) { $0 + $1.goals })
        }.sorted { $0.name < $1.name }
    }

    private func sum(of state: String) -> Int64 { counts.reduce(0) { $0 + ($1.state == state ? $1.members : 0) } }
}
