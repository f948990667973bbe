import Callbacks
import Domain

/// The way out of a mailing by one click (RFC 2369, 8058), as a provider's options describe it.
struct SMTPUnsubscribe: Sendable {
    /// `https://…{token}…`.
    var url: String
    /// `local+{token}@domain`, or `local@domain?subject={token}`.
    var mailto: String?
    /// Empty: every message of the provider.
    var classes: Set<String>
    var secretFile: String

    static let placeholder = "{token}"

    /// nil: not configured.
    /// - Throws: `ProviderError`.
    init?(_ options: inout ProviderOptions) throws {
        let url = options.text("unsubscribe_url")
        let mailto = options.text("unsubscribe_mailto")
        let classes = options.text("unsubscribe_classes")
        let secretFile = options.text("unsubscribe_secret_file")
        guard url != nil || mailto != nil || classes != nil || secretFile != nil else { return nil }
        guard let url else { throw options.missing("unsubscribe_url", remedy: "one click needs https://…{token}") }
        guard let secretFile else {
            throw options.missing("unsubscribe_secret_file", remedy: "name a file with what openssl rand -hex 32 writes")
        }
        guard url.hasPrefix("https://"), url.contains(Self.placeholder), url.utf8.count <= 800, Self.isPlain(url) else {
            throw options.bad("unsubscribe_url", url, "use https://…{token}…, in ASCII and without spaces")
        }
        if let mailto, !Self.isMailbox(mailto) {
            throw options.bad("unsubscribe_mailto", mailto, "use local+{token}@domain, or local@domain?subject={token}")
        }
        self.url = url
        self.mailto = mailto
        self.classes = UnsubscribeLinks.classes(classes)
        self.secretFile = secretFile
    }

    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>,\"".utf8.contains($0) }
    }

    private static func isMailbox(_ text: String) -> Bool {
        let parts = text.replacing(placeholder, with: String(repeating: "a", count: 32)).split(separator: "?", maxSplits: 1)
        guard text.contains(placeholder), text.utf8.count <= 200, isPlain(text), let address = parts.first else { return false }
        do {
            return try Mailbox(String(address)).local.utf8.allSatisfy { !"%&/\"".utf8.contains($0) }
        } catch {
            // The caller says what is expected.
            return false
        }
    }

    /// The two fields; none where the message has a way out of its own, or its class needs none.
    func headers(_ submission: Submission, secret: TokenSecret) -> [(name: String, value: String)] {
        if let name = submission.messageClass, !classes.isEmpty, !classes.contains(name) { return [] }
        guard case .email(let content) = submission.rendered.content,
            !content.headers.contains(where: { $0.name.lowercased().hasPrefix("list-unsubscribe") })
        else { return [] }
        let token = UnsubscribeToken(submission.messageID, address: submission.to, secret: secret).text
        var targets = ["<\(url.replacing(Self.placeholder, with: token))>"]
        if let mailto { targets.append("<mailto:\(mailto.replacing(Self.placeholder, with: token))>") }
        return [("List-Unsubscribe", targets.joined(separator: ", ")), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    }
}
