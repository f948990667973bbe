import ArgumentParser
import Domain
import Foundation
import Operations

struct ProvidersTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Connect to a provider, log in, show what it offers; send one message if asked.",
        discussion: """
            Connects from this machine, with the files that the policy names: run it where a worker runs. Every step says what it found,
            and what to do when it fails: wrong password, certificate, blocked port, bind refused, sender not allowed. Without --send
            nothing is sent. The message goes straight to the provider: no consent, cap or quiet hour is checked, and nothing is
            recorded.

            EXAMPLES
              martlet providers test mailhub
              martlet providers test carrier --to +8613800138000 --send
              martlet providers test mailhub --config Config --to me@example.com --send --text 'Hello from Martlet'
              martlet providers test twilio --json | jq '.steps[] | select(.result == "failed")'

            EXIT CODES
              0   every step that was tried succeeded
              1   no such provider, or a step failed
              2   the provider can be used, but did not accept the message
              (others: martlet --help)
            """)
    @Argument(help: "Name of the provider in providers.yaml.")
    var name: String
    @Option(name: .long, help: "Address for the message; with --send.")
    var to: String?
    @Flag(name: .long, help: "Send one message to --to: it may cost money.")
    var send = false
    @Option(name: .long, help: "What it says.")
    var text = "Test message of Martlet: this provider works."
    @Option(name: .long, help: "Key of the sender; left out: the policy's.")
    var sender: String?
    @Option(name: .long, help: "Channel of the message; left out: what fits --to and the provider.")
    var channel: String?
    @Option(
        name: .long, help: ArgumentHelp("Take the policy from here, not from the database.", valueName: "dir"),
        completion: .directory)
    var config: String?
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if send, to == nil { throw ValidationError("--send needs --to.") }
        if text.isEmpty { throw ValidationError("--text is empty.") }
    }

    func run() async throws {
        let test = TestProvider(
            provider: name, to: to, sends: send, text: text, sender: sender, channel: channel.map { Channel(rawValue: $0) })
        let report: TestProvider.Output
        if let config {
            report = try await test.run(with: ConfigDirectory(config).load().policy)
        } else {
            report = try await shared.run(test)
        }
        shared.show(report) { show(report) }
        guard !report.isGood else { return }
        throw ExitCode((report.isReached ? AdminExit.refused : .notFound).rawValue)
    }

    private func show(_ report: TestProvider.Output) {
        let out = Terminal.out
        out.line("\(report.provider) (\(report.transport))", .bold)
        for step in report.steps {
            let (word, style): (String, Style) =
                switch step.result {
                case .done: ("ok", .green)
                case .failed: ("failed", .red)
                case .skipped: ("skipped", .yellow)
                }
            let head = out.styled(word.padding(toLength: 9, withPad: " ", startingAt: 0), style)
            out.line(head + step.name.padding(toLength: 9, withPad: " ", startingAt: 0) + Printable.line(step.detail))
            if let remedy = step.remedy { out.line(String(repeating: " ", count: 18) + "→ " + Printable.line(remedy)) }
        }
        for offer in report.offers { out.line("offers   \(offer.name): \(Printable.line(offer.value))", .dim) }
        if send == false, to != nil { out.line("nothing was sent: add --send", .yellow) }
    }
}
