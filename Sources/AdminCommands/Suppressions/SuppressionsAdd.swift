import ArgumentParser
import Operations

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
        let output = try await shared.run(
            AddSuppression(recipient: recipient, channel: channel, scope: scope, reason: reason))
        shared.show(output) {
            Terminal.out.line("suppressed: nothing of scope \(output.scope) goes to it over \(output.channel) any more")
        }
    }
}
