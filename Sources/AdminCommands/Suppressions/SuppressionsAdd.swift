import ArgumentParser
import Store

struct SuppressionsAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "From now on nothing of this scope is sent to an address, queued messages included.",
        discussion: """
            EXAMPLES
              martlet suppressions add +8613800138000 --reason "asked by phone"
              martlet suppressions add ann@example.com --channel email --scope all --reason complaint
            """)
    @Argument(help: "Address: E.164 or mailbox.")
    var recipient: String
    @Option(name: .long, help: "Channel; left out: email for mailboxes, sms for numbers.")
    var channel: String?
    @Option(name: .long, help: "A class, all_except_otp, or all.")
    var scope = "marketing"
    @Option(name: .long, help: "Why.")
    var reason: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let channel = channel ?? channelOf(recipient)
        let statement = Suppress(channel: channel, address: recipient, scope: scope, reason: reason)
        let id = try await shared.withDatabase(.admin) { try await $0.run(statement) }
        if shared.json {
            return Terminal.out.json(["id": .string(String(id)), "channel": .string(channel), "scope": .string(scope)])
        }
        Terminal.out.line("suppressed: nothing of scope \(scope) goes to it over \(channel) any more")
    }
}

/// The channel that an address belongs to when none is named.
func channelOf(_ address: String) -> String { address.contains("@") ? "email" : "sms" }
