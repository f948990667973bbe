extension GSM7 {
    /// The first `count` septets of packed octets; nil when the octets hold fewer.
    public static func unpack(_ octets: [UInt8], count: Int, fillBits: Int = 0) -> [UInt8]? {
        guard count >= 0, octets.count * 8 >= count * 7 + fillBits else { return nil }
        var septets: [UInt8] = []
        septets.reserveCapacity(count)
        for index in 0..<count {
            let bit = index * 7 + fillBits
            let low = UInt16(octets[bit / 8])
            let high = bit / 8 + 1 < octets.count ? UInt16(octets[bit / 8 + 1]) << 8 : 0
            septets.append(UInt8((low | high) >> (bit % 8) & 0x7F))
        }
        return septets
    }
}
