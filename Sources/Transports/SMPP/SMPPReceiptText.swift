import Callbacks

/// The text of a receipt, as appendix B writes it, and as carriers do:
/// `id:0123 sub:001 dlvrd:001 submit date:2611221530 done date:261122153012 stat:DELIVRD err:000 text:Hello`.
///
/// Any order, any case, any field missing, `=` for `:`, `_` or nothing for the blank in names, values in quotes. What stands behind `text:` was written by
/// the writer of the message: fields there count only if they are nowhere before it.
struct SMPPReceiptText: Sendable, Equatable {
    /// nil: none, or one without end (`longestID`).
    private(set) var id: String?
    /// What stands behind `stat:`.
    private(set) var stateWord: String?
    private(set) var state: CarrierReceipt.State?
    /// nil: none, or only zeros.
    private(set) var error: String?
    private(set) var submitted: CarrierDate?
    private(set) var done: CarrierDate?
    /// It begins with an id, says a state, and has two more fields: people do not write that by hand. Carriers' other texts do not.
    private(set) var isUnmistakable = false

    /// The standard says 65 octets; a few carriers have more.
    static let longestID = 255

    private enum Key: CaseIterable {
        case id, sub, delivered, submitDate, doneDate, state, error, text

        /// Lower case; a blank stands for a blank, `_`, or nothing.
        var name: [UInt8] {
            switch self {
            case .id: Array("id".utf8)
            case .sub: Array("sub".utf8)
            case .delivered: Array("dlvrd".utf8)
            case .submitDate: Array("submit date".utf8)
            case .doneDate: Array("done date".utf8)
            case .state: Array("stat".utf8)
            case .error: Array("err".utf8)
            case .text: Array("text".utf8)
            }
        }
    }
    private static let keys = Key.allCases.map { (key: $0, name: $0.name) }

    /// At most the first 4,096 octets are looked at.
    init(_ text: String) {
        let octets = Array(text.utf8.prefix(4096))
        // Also a value that says nothing (`err:000`, a state that is not known) stands before what the text has.
        var seen: Set<Key> = []
        var beginsWithID = false
        /// Where the last value ended: the next name may stand there without a blank.
        var glued = 0
        var at = 0
        while at < octets.count {
            guard at == 0 || !Self.isWord(octets[at - 1]) || at == glued, let (key, value) = Self.key(octets, at) else {
                at += 1
                continue
            }
            let end = Self.end(octets, value, of: key, hasID: seen.contains(.id))
            glued = end
            if seen.isEmpty, key == .id, octets[..<at].allSatisfy({ $0 <= 0x20 }) { beginsWithID = true }
            if end > value, seen.insert(key).inserted { take(key, String(decoding: octets[value..<end], as: UTF8.self)) }
            // An empty value is followed by the next field at once.
            at = max(end, at + 1)
        }
        let others: Set<Key> = [.sub, .delivered, .submitDate, .doneDate, .error]
        isUnmistakable = beginsWithID && id != nil && stateWord != nil && seen.intersection(others).count >= 2
    }

    /// The field whose name stands at `at`, and where its value begins.
    private static func key(_ octets: [UInt8], _ at: Int) -> (Key, Int)? {
        for (key, name) in keys {
            guard var next = end(of: name, octets, at) else { continue }
            while next < octets.count, octets[next] == 0x20 { next += 1 }
            guard next < octets.count, octets[next] == UInt8(ascii: ":") || octets[next] == UInt8(ascii: "=") else { continue }
            next += 1
            while next < octets.count, octets[next] == 0x20 { next += 1 }
            return (key, next)
        }
        return nil
    }

    private static func end(of name: [UInt8], _ octets: [UInt8], _ start: Int) -> Int? {
        var at = start
        for expected in name {
            let octet = at < octets.count ? octets[at] : 0
            if expected == 0x20 {
                if octet == 0x20 || octet == UInt8(ascii: "_") { at += 1 }
                continue
            }
            guard octet == expected || ((0x41...0x5A).contains(octet) && octet | 0x20 == expected) else { return nil }
            at += 1
        }
        return at
    }

    /// Where a value that begins at `start` ends: at a blank, `;` or `,`, or where another field begins, also without any of these between
    /// (`id:7sub:001`). A second `id:` is none (`stat:ID:0076`, as Chinese carriers write a state).
    private static func end(_ octets: [UInt8], _ start: Int, of own: Key, hasID: Bool) -> Int {
        func begins(_ at: Int) -> Bool {
            key(octets, at).map { $0.0 != .id || (at == start && !(own == .state && hasID)) } ?? false
        }
        var at = start
        while at < octets.count, octets[at] > 0x20, octets[at] != UInt8(ascii: ";"), octets[at] != UInt8(ascii: ",") {
            if at == start || own != .text, begins(at) { break }
            at += 1
        }
        return at
    }

    private static func isWord(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || octet == 0x5F
            || octet >= 0x80
    }

    private mutating func take(_ key: Key, _ written: String) {
        let quotes = written.first.map { "\"'".contains($0) && written.count > 2 && written.last == $0 } ?? false
        let value = quotes ? String(written.dropFirst().dropLast()) : written
        switch key {
        case .id: id = value.utf8.count <= Self.longestID ? value : nil
        case .state: (stateWord, state) = (value, Self.state(value))
        case .error: error = value.utf8.allSatisfy { $0 == 0x30 } ? nil : value
        case .submitDate: submitted = Self.date(value)
        case .doneDate: done = Self.date(value)
        case .sub, .delivered, .text: break
        }
    }

    private static func state(_ value: String) -> CarrierReceipt.State? {
        let words: [(String, CarrierReceipt.State)] = [
            ("DELIV", .delivered), ("EXPIR", .expired), ("DELET", .deleted), ("UNDEL", .undeliverable), ("FAIL", .undeliverable),
            ("ACCEP", .accepted), ("UNKN", .unknown), ("REJEC", .rejected), ("ENROU", .enroute), ("SCHED", .scheduled),
            ("SKIP", .skipped),
        ]
        let upper = value.uppercased()
        return words.first { upper.hasPrefix($0.0) }?.1
    }

    /// `YYMMDDhhmm`, `YYMMDDhhmmss`, or with four digits of the year.
    private static func date(_ value: String) -> CarrierDate? {
        let digits = value.utf8.map { Int($0) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        func two(_ at: Int) -> Int { at + 1 < digits.count ? digits[at] * 10 + digits[at + 1] : 0 }
        func date(_ year: Int, _ from: Int) -> CarrierDate? {
            CarrierDate(
                year: year, month: two(from), day: two(from + 2), hour: two(from + 4), minute: two(from + 6),
                second: two(from + 8))
        }
        switch digits.count {
        case 10: return date(2000 + two(0), 2)
        case 12: return date(2000 + two(0), 2) ?? date(two(0) * 100 + two(2), 4)
        case 14: return date(two(0) * 100 + two(2), 4)
        default: return nil
        }
    }
}
