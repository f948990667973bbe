import NIOConcurrencyHelpers

/// Reference numbers for the parts of long texts. Two texts to one number must not have the same while the phone joins the first.
///
/// Destinations share 65,536 counters by their hash, each of which begins somewhere at random: the next 256 (or 65,536) long texts to
/// a number have different references whatever else is sent, memory is bounded, and nothing is ever forgotten too early.
final class SMPPReferences: Sendable {
    private let counters: NIOLockedValueBox<[UInt16]>

    init() {
        counters = NIOLockedValueBox((0..<65_536).map { _ in .random(in: 0...UInt16.max) })
    }

    func next(for destination: String) -> UInt16 {
        // Stable FNV-1a: destinations that share a counter share it in every test as well.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for octet in destination.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01B3 }
        let index = Int((hash ^ hash >> 32) & 0xFFFF)
        return counters.withLockedValue { counters in
            counters[index] &+= 1
            return counters[index]
        }
    }
}
