import Domain

/// Names a hand-over in the return path, so that a report about it finds back, and no stranger can report about a message that was not
/// theirs: message number, attempt, and 80 bits of code.
package struct ReturnToken: Sendable, Equatable {
    let messageID: MessageID
    let attempt: Int
    private static let purpose = "martlet return path 1"

    package init(_ messageID: MessageID, attempt: Int) {
        self.messageID = messageID
        self.attempt = min(max(attempt, 0), Int(UInt16.max))
    }

    private var payload: [UInt8] { messageID.rawValue.octets + UInt16(attempt).octets }

    /// 32 letters and digits without case.
    package func text(_ secret: TokenSecret) -> String { Base32.encode(payload + secret.code(Self.purpose, payload, length: 10)) }

    /// nil: no token, or not one of ours.
    init?(_ text: some StringProtocol, secret: TokenSecret) {
        guard let octets = Base32.decodeToken(text) else { return nil }
        self.init(MessageID(Int64(octets: octets.prefix(8))), attempt: Int(UInt16(octets: octets[8..<10])))
        guard secret.isGenuine(octets[10...], Self.purpose, payload) else { return nil }
    }

    /// The first genuine token in a text, wherever it stands. Looks at the first 256 words of the right length.
    static func first(in text: some Sequence<UInt8>, secret: TokenSecret) -> Self? {
        var word: [UInt8] = []
        var looked = 0
        func isToken() -> Self? {
            defer { word.removeAll(keepingCapacity: true) }
            guard word.count == 32 else { return nil }
            looked += 1
            return Self(String(decoding: word, as: UTF8.self), secret: secret)
        }
        for byte in text {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
                if word.count <= 32 { word.append(byte) }
            default:
                if let token = isToken() { return token }
                if looked >= 256 { return nil }
            }
        }
        return isToken()
    }
}
