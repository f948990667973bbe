import ArgumentParser
import Operations

struct SuppressionsAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "From now on nothing of this scope is sent to an address, queued messages included.",
        discussion: """
            EXAMPLES
              martlet suppressions add +8613800138000 --why "asked by phone"
              martlet suppressions add ann@example.com --channel email --scope all --why complaint
            """)
    @OptionGroup var recipient: RecipientArgument
    @Option(name: .long, help: "Channel; left out: email for mailboxes, sms for numbers.")
    var channel: String?
    @Option(name: .long, help: "A class, all_except_otp, or all.")
    var scope = "marketing"
    @Option(name: .long, help: "Why: opt_out, complaint, or words of your own.")
    var why: String?
    @Option(name: .customLong("reason"), help: .hidden)
    var before: String?
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard try reason(why, before) != nil else { throw ValidationError("--why must say why.") }
    }

    func run() async throws {
        let output = try await shared.run(
            AddSuppression(recipient: recipient.value, channel: channel, scope: scope, reason: try reason(why, before) ?? ""))
        shared.show(output) {
            Terminal.out.line("suppressed: nothing of scope \(output.scope) goes to it over \(output.channel) any more")
        }
    }
}
