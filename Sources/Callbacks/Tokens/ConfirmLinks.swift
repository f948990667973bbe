public import Domain

/// The links by which people confirm a consent: writes them, and tells whose link somebody followed. Reads its secret's file once.
public struct ConfirmLinks: Sendable {
    private let link: ConfirmLink?
    private let secret: TokenSecret?
    /// Why no link can be written or verified; nil: all is well, or the policy has none.
    public let problem: String?

    public init(_ policy: Policy) {
        link = policy.confirmLink
        guard let link else {
            (secret, problem) = (nil, nil)
            return
        }
        do {
            secret = try TokenSecret(path: link.secretFile)
            problem = nil
        } catch {
            secret = nil
            problem = "confirm.yaml: secret_file \(link.secretFile): \(error)"
        }
    }

    /// nil: the policy has no link, or its secret cannot be read.
    public func url(for messageID: MessageID, address: String) -> String? {
        guard let link, let secret else { return nil }
        return link.url(token: ConfirmToken(messageID, address: address, secret: secret).text)
    }

    /// - Parameter address: the message's, as it is stored.
    public func isGenuine(_ token: ConfirmToken, address: String) -> Bool {
        secret.map { token.isGenuine(for: address, secret: $0) } ?? false
    }
}

/// Says in a link which message asked for consent, as `UnsubscribeToken` does: neither can be taken for the other.
public struct ConfirmToken: Sendable, Equatable {
    /// Claimed; believe it after `isGenuine`.
    public let messageID: MessageID
    /// 32 letters and digits without case.
    public let text: String
    private let code: [UInt8]
    private static let purpose = "martlet confirm 1"

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

    func isGenuine(for address: String, secret: TokenSecret) -> Bool {
        secret.isGenuine(code[...], Self.purpose, messageID.rawValue.octets + Array(address.utf8))
    }
}
