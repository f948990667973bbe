import ArgumentParser
import Domain
import Operations
import Store

struct MessageFind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "List the messages of one recipient, newest first.",
        discussion: """
            Looks for the recipient's key, which is the address when the service passed none. With --address it looks at the
            addresses of the messages of the last days instead, which takes longer.

            EXAMPLES
              martlet message find +8613800138000
              martlet message find customer-4711 --channel email --limit 5
              martlet message find ann@example.com --address --since 2d
            """)
    @OptionGroup var recipient: RecipientArgument
    @Option(name: .long, help: "Only this channel: sms, email, …")
    var channel: String?
    @Flag(name: .long, help: "Compare addresses, not keys.")
    var address = false
    @Option(name: .long, help: "With --address: how far back.")
    var since = DurationArgument(argument: "7d")!
    @Option(name: .long, help: "At most so many.")
    var limit = 20
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let found = try await shared.run(
            SearchMessages(
                recipient: recipient.value, channel: channel, addressWithin: address ? since.duration : nil, limit: limit))
        shared.show(found) {
            Terminal.out.table(Self.table(found.messages, found.now))
            if found.messages.isEmpty {
                let hint =
                    address
                    ? "a longer --since may find more" : "if the service passes keys of its own, use that, or add --address"
                Terminal.error.line(hint, .dim)
            }
        }
    }

    static func table(_ messages: [MessageOverview], _ now: Timestamp) -> Table {
        var table = Table("id", "created", "class", "channel", "template", "state", "reason")
        for message in messages {
            table.add(
                "\(message.id)", "\(message.createdAt.shown) (\(message.createdAt.relative(to: now)))",
                "\(message.messageClass)", "\(message.channel)", "\(message.template)",
                Table.Cell(message.state, .state(message.state)), "\(message.reason ?? "")")
        }
        return table
    }
}

extension Style {
    /// Colour of a message's state.
    static func state(_ state: String) -> Style {
        switch state {
        case "accepted", "delivered": .green
        case "dead", "undelivered": .red
        case "suppressed", "capped", "expired", "cancelled", "discarded", "due": .yellow
        default: .plain
        }
    }
}
