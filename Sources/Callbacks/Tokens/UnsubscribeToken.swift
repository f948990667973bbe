public import Domain

/// Says in a link which message made its recipient unsubscribe, without saying who that is: the message's number and a code over
/// number and address. Its reader looks up the message and asks `isGenuine` with the address that is stored there.
public struct UnsubscribeToken: Sendable, Equatable {
    /// Claimed; believe it after `isGenuine`.
    public let messageID: MessageID
    /// 32 letters and digits without case.
    public let text: String
    private let code: [UInt8]
    private static let purpose = "martlet unsubscribe 1"

    /// - Parameter address: the recipient's, as the message has it.
    public init(_ messageID: MessageID, address: String, secret: TokenSecret) {
        let number = messageID.rawValue.octets
        self.messageID = messageID
        code = secret.code(Self.purpose, number + Array(address.utf8), length: 12)
        text = Base32.encode(number + code)
    }

    /// nil: this is no token at all.
    public init?(_ text: String) {
        guard let octets = Base32.decodeToken(text) else { return nil }
        messageID = MessageID(Int64(octets: octets.prefix(8)))
        code = Array(octets.dropFirst(8))
        self.text = text.lowercased()
    }

    /// In constant time.
    public func isGenuine(for address: String, secret: TokenSecret) -> Bool {
        secret.isGenuine(code[...], Self.purpose, messageID.rawValue.octets + Array(address.utf8))
    }
}
