/// One request of a provider that tells us something, as it came.
public struct CallbackRequest: Sendable {
    public var method: String
    /// Path and query, exactly as they were sent.
    public var target: String
    /// Scheme and host by which the provider knows us, without a slash at the end: signatures cover the whole URL, and a proxy in front of
    /// us has changed what we see of it.
    public var publicURL: String
    /// The first value of a header, whatever its case; nil: there is none.
    public var header: @Sendable (String) -> String?
    public var body: [UInt8]
    /// What the path says that it is about (`/callbacks/NAME/MESSAGE/ATTEMPT`).
    public var handOver: HandOver?

    public init(
        method: String, target: String, publicURL: String, body: [UInt8], handOver: HandOver? = nil,
        header: @escaping @Sendable (String) -> String?
    ) {
        self.method = method
        self.target = target
        self.publicURL = publicURL
        self.body = body
        self.handOver = handOver
        self.header = header
    }

    /// The URL as the provider may have signed it: as we were told it, and without its port, or with the one that the scheme implies. Providers differ,
    /// and Twilio's own libraries try both.
    var urls: [String] {
        let given = publicURL + target
        guard let scheme = publicURL.firstRange(of: "://") else { return [given] }
        let authority = publicURL[scheme.upperBound...]
        // Not one inside the brackets of an IPv6 address.
        if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
            return [given, publicURL[..<colon] + target]
        }
        return [given, publicURL + (publicURL.hasPrefix("http://") ? ":80" : ":443") + target]
    }
    var query: Substring { target.firstIndex(of: "?").map { target[target.index(after: $0)...] } ?? "" }

    /// The names and values of the query, decoded.
    var queryPairs: [(name: String, value: String)] { FormPairs.decode(query.utf8) }

    func queryValue(_ name: String) -> String? { queryPairs.first { $0.name == name }?.value }
}

/// What became of a callback.
public enum CallbackVerdict: Sendable {
    /// It is from the provider, and says this; empty: nothing that the policy describes.
    case events([ProviderEvent])
    /// It asks whether we want its callbacks at all: the body of the answer.
    case handshake(String)
    /// It is not from the provider, or that cannot be decided. `challenge`: what `WWW-Authenticate` asks for.
    case forged(challenge: String?)
    /// It is from the provider, and cannot be read.
    case unreadable(String)
    /// Our own secrets cannot be read: it may come again.
    case unverifiable(String)
}

/// Names and values as forms send them (WHATWG URL, application/x-www-form-urlencoded).
enum FormPairs {
    static func decode(_ bytes: some Collection<UInt8>) -> [(name: String, value: String)] {
        bytes.split(separator: UInt8(ascii: "&")).map { pair in
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            let value = equals.map { pair[pair.index(after: $0)...] }
            return (text(pair[..<(equals ?? pair.endIndex)]), value.map { text($0) } ?? "")
        }
    }

    private static func text(_ bytes: some Collection<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var at = bytes.startIndex
        while at < bytes.endIndex {
            let byte = bytes[at]
            let next = bytes.index(after: at)
            if byte == UInt8(ascii: "%"), let end = bytes.index(next, offsetBy: 2, limitedBy: bytes.endIndex),
                let high = digit(bytes[next]), let low = digit(bytes[bytes.index(after: next)])
            {
                output.append(high << 4 | low)
                at = end
                continue
            }
            output.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            at = next
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
