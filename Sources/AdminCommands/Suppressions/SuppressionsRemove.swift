import ArgumentParser
import Store

struct SuppressionsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Lift the suppressions of an address, audited.",
        discussion: """
            Only when the recipient asked for it: writing to somebody who opted out is against the law in most countries. Asks first.

            EXAMPLES
              martlet suppressions remove +8613800138000 --why "sent START by mail"
              martlet suppressions remove ann@example.com --scope marketing --why "signed up again" --yes
            """)
    @Argument(help: "Address: E.164 or mailbox.")
    var recipient: String
    @Option(name: .long, help: "Channel; left out: email for mailboxes, sms for numbers.")
    var channel: String?
    @Option(name: .long, help: "Only this scope; left out: every scope.")
    var scope: String?
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let channel = channel ?? channelOf(recipient)
        try Confirmation.ask(
            "Lift the suppressions (\(scope ?? "every scope")) of \(Printable.line(recipient)) on \(channel)?", yes: yes)
        let statement = Unsuppress(channel: channel, address: recipient, why: why, scope: scope)
        let lifted = try await shared.withDatabase(.admin) { try await $0.run(statement) }
        if shared.json { Terminal.out.json(["lifted": .int(lifted)]) }
        guard lifted > 0 else { throw AdminError(.notFound, "No suppression of this address was in force.") }
        if !shared.json { Terminal.out.line("lifted \(lifted)") }
    }
}
