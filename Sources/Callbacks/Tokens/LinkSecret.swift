public import Domain

/// Makes and checks the tokens of tracked links: 22 letters and digits for the number of the message and 64 bits of code. The code covers the
/// address that the link leads to, so a token opens nothing but what its message contained, whatever becomes of the order of its links.
public struct LinkSecret: Sendable {
    private let secret: TokenSecret
    private static let clickPurpose = "martlet click 1"
    private static let openPurpose = "martlet open 1"

    /// - Throws: `TokenSecret.Problem`.
    public init(path: String) throws(TokenSecret.Problem) { secret = try TokenSecret(path: path) }

    init(_ secret: TokenSecret) { self.secret = secret }

    public func clickToken(_ message: MessageID, target: String) -> String {
        token(message, Self.clickPurpose, Array(target.utf8))
    }

    public func openToken(_ message: MessageID) -> String { token(message, Self.openPurpose, []) }

    private func token(_ message: MessageID, _ purpose: String, _ more: [UInt8]) -> String {
        let number = message.rawValue.octets
        return LinkToken.text(number: number, code: secret.code(purpose, number + more, length: LinkToken.codeLength))
    }

    /// Which of the addresses that are stored for its message the token stands for; nil: none. In constant time for each secret and address.
    public func target(of token: LinkToken, among targets: [String]) -> Int? {
        targets.firstIndex { isGenuine(token, Self.clickPurpose, Array($0.utf8)) }
    }

    /// Whether it is that of the message's picture.
    public func isOpen(_ token: LinkToken) -> Bool { isGenuine(token, Self.openPurpose, []) }

    private func isGenuine(_ token: LinkToken, _ purpose: String, _ more: [UInt8]) -> Bool {
        secret.isGenuine(token.code[...], purpose, token.messageID.rawValue.octets + more)
    }
}

/// A token as somebody brought it: believe it after `LinkSecret`.
public struct LinkToken: Sendable, Equatable {
    public let messageID: MessageID
    let code: [UInt8]
    static let codeLength = 8
    /// 62^22 > 2^128 > 62^21.
    static let length = 22
    /// Letters and digits alone: programs that make links of text stop at other characters at the end, also at `-`.
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// nil: this is no token at all. What stands behind it is passed over, if it begins with neither letter nor digit: people copy a full
    /// stop along, and phones the Chinese character that follows.
    public init?(_ text: some StringProtocol) {
        var value: UInt128 = 0
        var count = 0
        for byte in text.utf8 {
            guard let digit = Self.value(byte) else { break }
            count += 1
            guard count <= Self.length else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 62)
            let (sum, carry) = product.addingReportingOverflow(UInt128(digit))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        guard count == Self.length, value >> 127 == 0 else { return nil }
        messageID = MessageID(Int64(value >> 64))
        code = UInt64(truncatingIfNeeded: value).octets
    }

    static func text(number: [UInt8], code: [UInt8]) -> String {
        var value = (number + code).reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        var digits: [UInt8] = []
        for _ in 0..<length {
            let (rest, digit) = value.quotientAndRemainder(dividingBy: 62)
            digits.append(alphabet[Int(digit)])
            value = rest
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x5A: byte - 0x41 + 10
        case 0x61...0x7A: byte - 0x61 + 36
        default: nil
        }
    }
}
