import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Which addresses belong to our own network: a provider's host name must not lead there.
enum PublicAddress {
    /// False for loopback, link-local, private, unique-local, shared, multicast, documentation and other special addresses (IANA's
    /// special-purpose registries), also inside IPv6 (mapped, NAT64, 6to4), and for sockets that are no IP at all.
    static func isPublic(_ address: SocketAddress) -> Bool {
        guard let text = address.ipAddress else { return false }
        // Without the scope that link-local addresses carry.
        let bare = String(text.prefix { $0 != "%" })
        switch address.protocol {
        case .inet: return bytes(bare, AF_INET, 4).map { isPublic(v4: $0) } ?? false
        case .inet6: return bytes(bare, AF_INET6, 16).map { isPublic(v6: $0) } ?? false
        default: return false
        }
    }

    private static func bytes(_ text: String, _ family: Int32, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }

    private static func isPublic(v4 bytes: [UInt8]) -> Bool {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (10, _, _), (127, _, _), (224..., _, _): false
        case (100, 64...127, _), (169, 254, _), (172, 16...31, _), (192, 168, _), (198, 18...19, _): false
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 88, 99): false
        default: true
        }
    }

    private static func isPublic(v6 bytes: [UInt8]) -> Bool {
        let zeroes = bytes.prefix { $0 == 0 }.count
        // ::/96 (loopback, unspecified, IPv4-compatible) and ::ffff:0:0/96.
        if zeroes >= 12 { return false }
        if zeroes == 10, bytes[10] == 0xFF, bytes[11] == 0xFF { return isPublic(v4: Array(bytes[12...])) }
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]) {
            return bytes[4..<12].allSatisfy { $0 == 0 } && isPublic(v4: Array(bytes[12...]))
        }
        if bytes.starts(with: [0x20, 0x02]) { return isPublic(v4: Array(bytes[2..<6])) }
        // Teredo and other 2001:0::/23, documentation.
        if bytes.starts(with: [0x20, 0x01]), bytes[2] < 2 || (bytes[2] == 0x0D && bytes[3] == 0xB8) { return false }
        return bytes[0] & 0xE0 == 0x20
    }

    /// The address that a host is written as; nil: it is a name.
    static func literal(_ host: String) -> SocketAddress? {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        do { return try SocketAddress(ipAddress: bare, port: 0) } catch { return nil }  // Throwing is how NIO says no.
    }
}
