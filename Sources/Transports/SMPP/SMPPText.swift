import NIOCore

/// Octets of the protocol as text. One octet is one character (ISO 8859-1), so that what is opaque, ids above all, stays distinct
/// and goes back as it came.
enum SMPPText {
    static func string(_ octets: some Collection<UInt8>) -> String {
        if octets.allSatisfy({ $0 < 0x80 }) { return String(decoding: octets, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for octet in octets { text.append(Unicode.Scalar(octet)) }
        return String(text)
    }

    /// nil: a character needs more than one octet.
    static func octets(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 0x100 else { return nil }
            octets.append(UInt8(scalar.value))
        }
        return octets
    }
}

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
