import Callbacks
import Domain

/// A return path of its own for every hand-over (VERP), and the folder where reports to it arrive.
struct SMTPReturnPath: Sendable {
    /// `local+{token}@domain`.
    var template: String
    var secretFile: String
    /// nil: reports are not read here.
    var maildir: String?
    var poll: Duration

    private static let placeholder = "{token}"

    /// nil: not configured.
    /// - Throws: `ProviderError`.
    init?(_ options: inout ProviderOptions) throws {
        let template = options.text("verp")
        let secretFile = options.text("verp_secret_file")
        let maildir = options.text("bounce_maildir")
        let poll = try options.duration("bounce_poll", default: .seconds(5), in: .milliseconds(10) ... .seconds(300))
        guard template != nil || secretFile != nil || maildir != nil else { return nil }
        guard let template else { throw options.missing("verp", remedy: "use local+{token}@domain") }
        guard let secretFile else {
            throw options.missing("verp_secret_file", remedy: "name a file with what openssl rand -hex 32 writes")
        }
        guard template.contains(Self.placeholder), Self.isAddress(template) else {
            throw options.bad(
                "verp", template, "use local+{token}@domain; before the @ is room for 64 characters, 32 are the token's")
        }
        self.template = template
        self.secretFile = secretFile
        self.maildir = maildir
        self.poll = poll
    }

    private static func isAddress(_ template: String) -> Bool {
        do {
            return try !Mailbox(template.replacing(placeholder, with: String(repeating: "a", count: 32))).needsUTF8
        } catch {
            // The caller says what is expected.
            return false
        }
    }

    func address(_ token: String) -> String { template.replacing(Self.placeholder, with: token) }
}
