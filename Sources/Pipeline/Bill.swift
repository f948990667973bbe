import Telemetry

/// Segments and cost that one provider accepted of one class; one in doubt that it took after all is not among them.
struct Bill: Sendable {
    var provider: String
    var messageClass: String
    /// nil: without a price.
    var currency: String?
    var segments: Int
    var micros: Int64
}

extension Meters {
    /// What providers took: segments, and their cost in millionths of the currency.
    func count(_ bills: [Bill]) {
        for bill in bills {
            let labels = [("provider", bill.provider), ("class", bill.messageClass)]
            count("martlet_segments_total", labels, by: bill.segments)
            guard let currency = bill.currency else { continue }
            count("martlet_cost_micros_total", labels + [("currency", currency)], by: Int(bill.micros))
        }
    }
}
