import ArgumentParser
import Domain
import Foundation
import Operations
import Store

struct MessageShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one message: state, reason, and everything that happened to it.",
        discussion: """
            Each attempt shows its price where it was admitted. The cost is the sum of the attempts that the provider accepted, as it bills
            them: a message that was sent again while in doubt may be paid twice.
            Addresses are masked unless your role is martlet_admin, and only admins see which role requeued or discarded.

            EXAMPLES
              martlet message show 252144690003968
              martlet message show 252144690003968 --variables
              martlet message show 252144690003968 --json | jq '.timeline[] | .what'
            """)
    @Argument(help: "Id of the message, as enqueue returned it.")
    var id: MessageID
    @Flag(name: .long, help: "Show the variables too (admins; what the recipient reads).")
    var variables = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let found = try await shared.run(ShowMessage(id: id, withVariables: variables))
        shared.show(found) { show(found) }
    }

    private func show(_ found: ShowMessage.Output) {
        let out = Terminal.out
        let message = found.message
        var state = out.styled(message.state, .state(message.state))
        if let reason = message.reason { state += " (\(Printable.line(reason)))" }
        if let until = message.until { state += " until \(until.shown), \(until.relative(to: found.now))" }
        out.line("message    \(message.id)", .bold)
        out.line("state      \(state)")
        let person = message.recipientKey == message.address ? "" : " (recipient \(Printable.line(message.recipientKey)))"
        out.line("to         \(Printable.line(message.address)) over \(message.channel)\(person)")
        out.line("class      \(message.messageClass), template \(Printable.line(message.template))")
        out.line(
            "enqueued   \(message.createdAt.shown), \(message.createdAt.relative(to: found.now)), by \(Printable.line(message.producer))"
        )
        out.line("expires    \(message.expiresAt.shown), \(message.expiresAt.relative(to: found.now))")
        if let group = message.groupKey { out.line("group      \(Printable.line(group))") }
        if let variables = found.variables { out.line("variables  \(Printable.line(variables))") }
        if let cost = found.cost.text { out.line("cost       \(cost)") }
        for (index, target) in found.targets.enumerated() {
            out.line("link \(index + 1)".padding(toLength: 11, withPad: " ", startingAt: 0) + Printable.line(target))
        }
        out.line()
        var table = Table("time (UTC)", "after", "what", "who", "detail")
        for event in found.timeline.events {
            table.add(
                "\(String(event.at.shown.dropLast(4)))",
                "\(event.at <= message.createdAt ? "" : "+\((event.at - message.createdAt).rough)")",
                Table.Cell(event.what, .state(event.what)), "\(event.who ?? "")", "\(event.detail)")
        }
        out.table(table)
        if let advice = found.advice {
            out.line()
            out.line(Printable.text(advice.text))
            if let command = advice.command { out.line("next: \(Printable.line(command))", .bold) }
        }
    }
}

extension MessageCost {
    /// nil: nothing was handed over, or nothing had a price.
    var text: String? {
        let parts = sums.map { sum in
            var text = "\(decimal(micros: sum.micros)) \(sum.currency)"
            if sum.accepted > 1 { text += " for \(sum.accepted) accepted hand-overs" }
            if sum.inDoubt > 0 { text += ", \(decimal(micros: sum.inDoubtMicros)) \(sum.currency) more in doubt" }
            return text
        }
        return parts.isEmpty ? nil : (parts + (unpriced > 0 ? ["\(unpriced) without a price"] : [])).joined(separator: "; ")
    }
}
