extension Sender {
    /// The id or number that this recipient sees: of the pool of the longest prefix that matches, always the same one. By the highest hash of
    /// recipient and number, so that a number that joins or leaves a pool of n changes one recipient in n. nil: none for this country.
    public func smsOrigin(for address: String) -> String? {
        var best: (length: Int, pool: [String])?
        for (prefix, pool) in smsPools where address.utf8.starts(with: prefix.utf8) {
            if prefix.utf8.count > best?.length ?? -1 { best = (prefix.utf8.count, pool) }
        }
        guard let pool = best?.pool, pool.count > 1 else { return best?.pool.first }
        return pool.max { (Self.weight(address, $0), $0) < (Self.weight(address, $1), $1) }
    }

    /// FNV-1a with a finaliser (of MurmurHash3), because numbers of a pool often differ in their last digit only. Never changes: who was written to from a number
    /// answers to it.
    private static func weight(_ address: String, _ number: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in address.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        for byte in number.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
