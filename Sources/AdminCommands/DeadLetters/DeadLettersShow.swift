import ArgumentParser
import Domain
import Operations
import Store

struct DeadLettersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one dead letter: why, what to do, its history and body.",
        discussion: """
            The body, and the text as it would be sent now, are shown unless its class erases bodies (otp). The last lines are what can be
            done, the likeliest first.

            EXAMPLES
              martlet dead-letters show 252144690003968
              martlet dead-letters show 252144690003968 --json | jq .message.variables
            """)
    @Argument(help: "Id of the message.")
    var id: MessageID
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let found = try await shared.run(ShowDeadLetter(id: id))
        shared.show(found) { show(found) }
    }

    private func show(_ found: ShowDeadLetter.Output) {
        let letter = found.letter
        let row = letter.row
        let out = Terminal.out
        out.line("message    \(row.id)", .bold)
        out.line("reason     \(out.styled(row.reason, .red)), \(row.diedAt.shown), \(row.diedAt.relative(to: found.now))")
        out.line("           \(Printable.line(row.explanation))")
        out.line("remedy     \(Printable.line(row.remedy))")
        out.line("to         \(Printable.line(row.address)) over \(row.channel)\(row.provider.map { ", last by \($0)" } ?? "")")
        out.line(
            "class      \(row.messageClass), template \(Printable.line(row.template)), \(row.attempts) attempt\(row.attempts == 1 ? "" : "s")"
        )
        out.line("body       \(letter.isErased ? "erased, as its class demands" : Printable.line(letter.message))")
        if !letter.isErased { out.line("variables  \(Printable.line(found.variables))") }
        out.line()
        if let preview = found.preview {
            out.line("as it would be sent now:", .dim)
            preview.show()
            out.line()
        }
        if let problem = found.problem {
            out.line("it cannot be sent as it is: \(Printable.text(problem))", .yellow)
            out.line()
        }
        var table = Table("time (UTC)", "what", "detail")
        for receipt in found.receipts {
            let parts = [
                receipt.attempt.map { "attempt \($0)" }, receipt.provider, receipt.code, receipt.detail,
                receipt.actor.map { "by \($0)" },
            ]
            table.add(
                "\(String(receipt.at.shown.dropLast(4)))", Table.Cell(receipt.kind, .state(receipt.kind)),
                "\(parts.compactMap(\.self).joined(separator: ", "))")
        }
        out.table(table)
        out.line()
        for (index, command) in found.commands.enumerated() {
            out.line("\(index == 0 ? "next" : "or  ")  \(Printable.line(command))", index == 0 ? .bold : .plain)
        }
    }
}
