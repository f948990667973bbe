/// The slots one person has taken: the content of a `cap_usage` row.
///
/// 24 bytes a hit, big-endian, oldest first: message_id int8, at int8 (microseconds since 1970), attempt, class_id, channel_id,
/// kind (0 taken, 1 planned) int2. Bytes are what PostgreSQL stores and what two workers exchange through the row lock.
public struct CapLedger: Sendable, Equatable {
    public struct Hit: Sendable, Equatable {
        public var messageID: MessageID
        /// The latest instant at which it can have left: admission + D.
        public var at: Timestamp
        public var attempt: Int16
        public var classID: Int16
        public var channelID: Int16
        /// A deferred message that will ask again at `at`: it takes no slot, but the message that is deferred next comes after it.
        public var isReservation: Bool

        public init(
            messageID: MessageID, at: Timestamp, attempt: Int16, classID: Int16, channelID: Int16, isReservation: Bool = false
        ) {
            self.messageID = messageID
            self.at = at
            self.attempt = attempt
            self.classID = classID
            self.channelID = channelID
            self.isReservation = isReservation
        }
    }

    public static let bytesPerHit = 24
    /// Oldest first.
    public private(set) var hits: [Hit]

    public init(hits: [Hit] = []) {
        self.hits = hits.sorted { $0.at < $1.at }
    }

    /// Reads a row; nil when the length is no multiple of 24: somebody else wrote it.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count % Self.bytesPerHit == 0 else { return nil }
        hits = []
        hits.reserveCapacity(bytes.count / Self.bytesPerHit + 1)
        for offset in stride(from: 0, to: bytes.count, by: Self.bytesPerHit) {
            func int64(_ at: Int) -> Int64 {
                Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + at, as: Int64.self))
            }
            func int16(_ at: Int) -> Int16 {
                Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + at, as: Int16.self))
            }
            hits.append(
                Hit(
                    messageID: MessageID(int64(0)), at: Timestamp(microseconds: int64(8)), attempt: int16(16),
                    classID: int16(18), channelID: int16(20), isReservation: int16(22) == 1))
        }
    }

    public init?(_ bytes: [UInt8]) {
        guard let ledger = bytes.withUnsafeBytes({ CapLedger(bytes: $0) }) else { return nil }
        self = ledger
    }

    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(hits.count * Self.bytesPerHit)
        for hit in hits {
            withUnsafeBytes(of: hit.messageID.rawValue.bigEndian) { out.append(contentsOf: $0) }
            withUnsafeBytes(of: hit.at.microseconds.bigEndian) { out.append(contentsOf: $0) }
            for small in [hit.attempt, hit.classID, hit.channelID, hit.isReservation ? 1 : 0] {
                withUnsafeBytes(of: small.bigEndian) { out.append(contentsOf: $0) }
            }
        }
        return out
    }

    /// The slots of other messages, one each: where several tries of a message may have arrived, the latest.
    public func taken(except message: MessageID) -> [Hit] {
        let taken = hits.filter { !$0.isReservation && $0.messageID != message }
        // Two tries of one message have different numbers, so where all are first ones there is nothing to look for.
        guard taken.contains(where: { $0.attempt > 1 }) else { return taken }
        var seen: Set<MessageID> = []
        return taken.reversed().filter { seen.insert($0.messageID).inserted }.reversed()
    }

    /// Takes a slot, or plans one; the message's own earlier plan goes.
    public mutating func add(_ hit: Hit) {
        hits.removeAll { $0.isReservation && $0.messageID == hit.messageID }
        let index = hits.lastIndex { $0.at <= hit.at }.map { $0 + 1 } ?? 0
        hits.insert(hit, at: index)
    }

    /// Gives back the slot of an attempt that certainly did not happen; false when it is not there (any more).
    public mutating func remove(messageID: MessageID, attempt: Int16) -> Bool {
        let index = hits.firstIndex { $0.messageID == messageID && $0.attempt == attempt && !$0.isReservation }
        guard let index else { return false }
        hits.remove(at: index)
        return true
    }

    /// Forgets taken slots before `cutoff` (the longest window ever configured) and plans whose time is long past.
    public mutating func prune(before cutoff: Timestamp, reservedBefore: Timestamp) {
        hits.removeAll { $0.isReservation ? $0.at < reservedBefore : $0.at < cutoff }
    }
}
