/// Octets as text, one character each (ISO 8859-1), so that what is opaque, ids above all, stays distinct and goes back as it came.
package enum Latin1 {
    package static func string(_ octets: some Collection<UInt8>) -> String {
        if octets.allSatisfy({ $0 < 0x80 }) { return String(decoding: octets, as: UTF8.self) }
        var text = String.UnicodeScalarView()
        for octet in octets { text.append(Unicode.Scalar(octet)) }
        return String(text)
    }

    /// nil: a character needs more than one octet.
    package static func octets(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 0x100 else { return nil }
            octets.append(UInt8(scalar.value))
        }
        return octets
    }
}
