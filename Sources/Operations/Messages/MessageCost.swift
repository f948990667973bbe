import Domain
import Store
import Text

/// What a message cost: hand-overs that were accepted, as carriers bill them; those whose outcome is not known apart.
public struct MessageCost: Sendable, JSONConvertible {
    public struct Sum: Sendable, Equatable {
        public var currency: String
        public var micros: Int64 = 0
        public var accepted = 0
        public var inDoubtMicros: Int64 = 0
        public var inDoubt = 0
    }
    public var sums: [Sum] = []
    /// Accepted hand-overs that had no price.
    public var unpriced = 0

    init(_ attempts: [LoadAttempts.Attempt], _ receipts: [LoadReceipts.Receipt]) {
        let taken = Set(receipts.filter { ["accepted", "delivered", "undelivered"].contains($0.kind) }.compactMap(\.attempt))
        for attempt in attempts {
            let isTaken = taken.contains(attempt.attempt)
            guard isTaken || attempt.outcome == nil || attempt.outcome == "unknown" else { continue }
            guard let micros = attempt.costMicros, let currency = attempt.currency else {
                unpriced += isTaken ? 1 : 0
                continue
            }
            let index = sums.firstIndex { $0.currency == currency } ?? sums.endIndex
            if index == sums.endIndex { sums.append(Sum(currency: currency)) }
            if isTaken {
                sums[index].micros += micros
                sums[index].accepted += 1
            } else {
                sums[index].inDoubtMicros += micros
                sums[index].inDoubt += 1
            }
        }
    }

    public var json: JSONValue {
        .list(sums) {
            [
                "currency": .string($0.currency), "micros": .int($0.micros), "accepted": .int($0.accepted),
                "in_doubt_micros": .int($0.inDoubtMicros), "in_doubt": .int($0.inDoubt),
            ]
        }
    }
}
