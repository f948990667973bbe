extension GSM7 {
    /// Packs septets into octets, lowest bits first (TS 23.038, 6.1.2.1). `fillBits` (0…6) zero bits go in front, so that the text
    /// begins on a septet boundary after a user data header.
    ///
    /// Seven septets in seven octets leave a last septet's worth of zero bits, which reads as `@`: the count of septets travels apart.
    public static func pack(_ septets: [UInt8], fillBits: Int = 0) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity((septets.count * 7 + fillBits + 7) / 8)
        var bits: UInt32 = 0
        var held = fillBits
        for septet in septets {
            bits |= UInt32(septet & 0x7F) << held
            held += 7
            while held >= 8 {
                octets.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                held -= 8
            }
        }
        if held > 0 { octets.append(UInt8(truncatingIfNeeded: bits)) }
        return octets
    }

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
