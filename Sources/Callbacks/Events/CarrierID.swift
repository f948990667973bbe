/// Matching the id of a receipt with the ids that submits were answered with.
///
/// Ids are opaque. Some centres give one in hexadecimal and receive it back in decimal, or the reverse, or lose leading zeros and case.
/// Because `18` may be another message's whole id and also `12` in decimal, an id that was written differently counts only if the
/// phone is the same, and two messages that fit are no match for either.
public enum CarrierID {
    /// An id that is on record.
    public struct Known: Sendable, Equatable {
        public var id: String
        /// The phone, with or without `+`.
        public var recipient: String
        public init(id: String, recipient: String) {
            self.id = id
            self.recipient = recipient
        }
    }
    public enum Match: Sendable, Equatable {
        /// Index into what is known.
        case one(Int)
        /// Several messages have this id: it says nothing about any of them.
        case ambiguous
        case none
    }

    /// Without case and leading zeros: what to keep an index on.
    public static func folded(_ id: String) -> String {
        let lowered = id.lowercased()
        let significant = lowered.drop { $0 == "0" }
        return significant.isEmpty && !lowered.isEmpty ? "0" : String(significant)
    }

    /// Everything (folded) that the same id could be on record as: itself, decimal as hexadecimal, hexadecimal as decimal.
    public static func candidates(_ id: String) -> [String] {
        let own = folded(id)
        var all = [own]
        if own.utf8.count <= 39, let number = UInt128(own), own.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            all.append(String(number, radix: 16))
        }
        if own.utf8.count <= 32, own.utf8.first != UInt8(ascii: "+"), own.utf8.first != UInt8(ascii: "-"),
            let number = UInt128(own, radix: 16)
        {
            all.append(String(number))
        }
        return all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    public static func match(_ id: String, from phone: String, among known: [Known]) -> Match {
        let exact = known.indices.filter { known[$0].id == id }
        if exact.count == 1 { return .one(exact[0]) }
        if exact.count > 1 { return unique(exact, phone, known) }
        let candidates = candidates(id)
        let similar = known.indices.filter { candidates.contains(folded(known[$0].id)) && isSame(phone, known[$0].recipient) }
        return similar.count > 1 ? .ambiguous : similar.first.map { .one($0) } ?? .none
    }

    /// The phone decides between messages with one id.
    private static func unique(_ indices: [Int], _ phone: String, _ known: [Known]) -> Match {
        let same = indices.filter { isSame(phone, known[$0].recipient) }
        return same.count == 1 ? .one(same[0]) : .ambiguous
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        func digits(_ text: String) -> Substring { text.drop { $0 == "+" || $0 == "0" } }
        return !left.isEmpty && digits(left) == digits(right)
    }
}
