import Domain
import Store

/// What happens to a record whose recipient an earlier one of the same file and channel has.
public enum DuplicatePolicy: String, Sendable, CaseIterable { case warn, reject, ignore }

/// Recipients seen in a file: 64-bit hashes in an open-addressing table of at most 256 MiB.
///
/// With 25 million recipients one pair in 60,000 files is taken for a duplicate and is not. Beyond the limit new recipients are no
/// longer remembered, and `isFull` says so.
struct DuplicateRecipients: Sendable {
    private static let maximumSlots = 1 << 25
    private var slots: [UInt64]
    private let maximum: Int
    private(set) var count = 0
    private(set) var isFull = false

    init(maximumSlots: Int = Self.maximumSlots) {
        maximum = maximumSlots
        slots = Array(repeating: 0, count: min(1 << 12, maximumSlots))
    }

    /// Whether this recipient was there before; remembers it.
    mutating func sawBefore(_ row: BulkRow) -> Bool {
        guard let channel = row["channel"], let recipient = row["recipient"] else { return false }
        var hasher = Hasher()
        hasher.combine(channel)
        switch Address.judge(recipient, channel: channel) {
        case .normal(let address): hasher.combine(AddressKey.of(address))
        case .national(let digits): hasher.combine(digits)
        case .wrong: return false
        }
        // Zero is an empty slot.
        return !insert(UInt64(bitPattern: Int64(hasher.finalize())) | 1)
    }

    private mutating func insert(_ hash: UInt64) -> Bool {
        if (count + 1) * 4 > slots.count * 3 {
            if slots.count < maximum { grow() } else { isFull = true }
        }
        let place = find(hash)
        if slots[place] == hash { return false }
        if !isFull {
            slots[place] = hash
            count += 1
        }
        return true
    }

    private func find(_ hash: UInt64) -> Int {
        var place = Int(truncatingIfNeeded: hash >> 1) & (slots.count - 1)
        while slots[place] != 0, slots[place] != hash { place = (place + 1) & (slots.count - 1) }
        return place
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for hash in old where hash != 0 { slots[find(hash)] = hash }
    }
}

/// What was found about duplicates, for the summary.
public struct DuplicateReport: Sendable, Equatable {
    public struct Example: Sendable, Equatable {
        public var line: Int
        /// Masked.
        public var recipient: String
    }
    public var count = 0
    /// The first twenty.
    public var examples: [Example] = []
    /// False: there were more recipients than could be remembered.
    public var isComplete = true
}
