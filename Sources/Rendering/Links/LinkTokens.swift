public import Domain
import Text

/// Makes the tokens that stand in links. The same message and address make the same token, so that every attempt reads alike.
public struct LinkTokens: Sendable {
    /// Of an address in a message: `clickLength` letters and digits.
    public var click: @Sendable (_ message: MessageID, _ target: String) -> String
    /// Of the picture in a message.
    public var open: @Sendable (_ message: MessageID) -> String

    public init(
        click: @escaping @Sendable (_ message: MessageID, _ target: String) -> String,
        open: @escaping @Sendable (_ message: MessageID) -> String
    ) {
        self.click = click
        self.open = open
    }

    /// Characters of a token: what a link costs in an SMS, whatever the address was.
    static let clickLength = 22

    /// For previews and estimates, which need no secret: of the right length, and good for nothing.
    public static let placeholder = LinkTokens(
        click: { _, _ in "TokenOfTwentyTwoLetter" }, open: { _ in "TokenOfTwentyTwoLetter" })
}

/// What Render needs of links for all messages of a policy, worked out once.
struct LinkRules: Sendable {
    let clickURL: String?
    let openURL: String?
    /// nil: the secret could not be read.
    let tokens: LinkTokens?
    /// Beginnings of addresses that are never rewritten: ways out, and what is tracked already.
    let exempt: [[UInt8]]

    /// Words in addresses by which a way out is known.
    private static let wordsOfWaysOut = ["unsubscribe", "optout", "opt-out", "opt_out"].map { Array($0.utf8) }

    init(_ policy: Policy, _ tokens: LinkTokens?) {
        clickURL = policy.links?.clickURL
        openURL = policy.links?.openURL
        self.tokens = tokens
        let waysOut = policy.providers.values.compactMap { $0.options["unsubscribe_url"] }.map { url in
            url.firstRange(of: "{token}").map { String(url[..<$0.lowerBound]) } ?? url
        }
        exempt = (waysOut + [clickURL, openURL].compactMap { $0.map { $0 + "/" } }).map { Array($0.utf8) }
    }

    /// - Parameter target: in UTF-8.
    func isExempt(_ target: [UInt8]) -> Bool {
        if exempt.contains(where: { UTF8Text.has($0, in: target, at: 0) }) { return true }
        let lower = target.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return Self.wordsOfWaysOut.contains { UTF8Text.contains($0, in: lower) }
    }
}
