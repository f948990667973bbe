import ArgumentParser
import Operations

struct SuppressionsRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Lift the suppressions of an address, audited.",
        discussion: """
            Only when the recipient asked for it: writing to somebody who opted out is against the law in most countries. Asks first.

            EXAMPLES
              martlet suppressions remove +8613800138000 --why "sent START by mail"
              martlet suppressions remove ann@example.com --scope marketing --why "signed up again" --yes
            """)
    @OptionGroup var recipient: RecipientArgument
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
        let removal = RemoveSuppression(recipient: recipient.value, channel: channel, scope: scope, why: why)
        let scopes = scope ?? "every scope"
        try Confirmation.ask(
            "Lift the suppressions (\(scopes)) of \(Printable.line(recipient.value)) on \(removal.chosenChannel)?", yes: yes)
        let output = try await shared.run(removal)
        shared.show(output) { if output.lifted > 0 { Terminal.out.line("lifted \(output.lifted)") } }
        if output.lifted == 0 { throw OperationError(.notFound, "No suppression of this address was in force.") }
    }
}
