import NIOCore

extension ByteBuffer {
    /// A C-octet string. A NUL inside ends it, as the peer would read it; what has no octet is left out (options are checked before).
    mutating func writeSMPP(_ text: String) {
        for scalar in text.unicodeScalars {
            if scalar.value == 0 { break }
            if scalar.value < 0x100 { writeInteger(UInt8(scalar.value)) }
        }
        writeInteger(UInt8(0))
    }

    mutating func writeSMPP(_ address: SMPPAddress) {
        writeInteger(address.ton)
        writeInteger(address.npi)
        writeSMPP(address.digits)
    }
}
