import ArgumentParser
import Domain
import Operations

struct MessageCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancel one message, or what a group has enqueued until now.",
        discussion: """
            What a provider has, or may have, is not cancelled: then the command says so and ends with 2. A whole group asks first.

            EXAMPLES
              martlet message cancel 252144690003968 --why "the order was cancelled"
              martlet message cancel --group "spring sale" --why "wrong price" --dry-run
            """)
    @Argument(help: "Id of the message.")
    var id: MessageID?
    @Option(name: .long, help: "Everything with this group key that was enqueued until now and is not yet admitted.")
    var group: String?
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .long, help: "Say what would happen, change nothing.")
    var dryRun = false
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard (id == nil) != (group == nil) else { throw ValidationError("Give the id of a message, or --group.") }
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
    }

    func run() async throws {
        if let group, !dryRun { try Confirmation.ask("Cancel everything of group \(Printable.line(group))?", yes: yes) }
        let target: CancelMessages.Target = group.map { .group($0) } ?? .message(id ?? MessageID(0))
        let output = try await shared.run(CancelMessages(target, why: why, dryRun: dryRun))
        shared.show(output) {
            let what = group.map { "group \(Printable.line($0))" } ?? "message \(id ?? MessageID(0))"
            let words: String =
                switch output.result {
                case "too_late": "\(what) cannot be cancelled any more: a provider has it, or may have it"
                case "already_final": "\(what) is over already; nothing was changed"
                default: dryRun ? "dry run: \(what) would be cancelled" : "\(what) is cancelled"
                }
            Terminal.out.line(words)
        }
        if output.result != "cancelled" { throw ExitCode(AdminExit.refused.rawValue) }
    }
}
