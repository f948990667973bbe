import ArgumentParser
import Domain
import Foundation
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

    private struct Found: Sendable {
        var message: MessageOverview
        var receipts: [LoadReceipts.Receipt]
        var attempts: [LoadAttempts.Attempt]
        var audit: [LoadAudit.Entry]
        var deadLetter: DeadLetterRow?
        var variables: String?
        /// Of tracked links; for admins.
        var links: LoadTargets.Found?
        var now: Timestamp
    }

    func run() async throws {
        let (found, cluster) = try await shared.withDatabase(.reader) { (try await find($0), try await $0.run(LoadCluster())) }
        guard let found else {
            let owner = cluster.cluster(of: id)
            throw AdminError(
                .notFound, "There is no message \(id).",
                hint: owner == cluster.number || owner == 0
                    ? "Its partition may have been dropped after the retention time; `martlet message find` lists what is there."
                    : "Cluster \(owner) gave this id, and this is cluster \(cluster.number): ask that one.")
        }
        let timeline = Timeline(found.message, receipts: found.receipts, attempts: found.attempts, audit: found.audit)
        let advice = Advice.next(found.message, deadLetter: found.deadLetter)
        if shared.json {
            guard case .object(var members) = found.message.json else { return }
            members.append(.init(name: "variables", value: .raw(found.variables)))
            members.append(.init(name: "cost", value: MessageCost(found.attempts, found.receipts).json))
            members.append(.init(name: "links", value: .list(found.links?.targets ?? []) { .string($0) }))
            members.append(.init(name: "timeline", value: timeline.json))
            members.append(.init(name: "next", value: .text(advice)))
            return Terminal.out.json(.object(members))
        }
        show(found, timeline, advice)
    }

    private func find(_ database: Database) async throws -> Found? {
        guard let message = try await database.run(LoadMessageOverview(id: id)) else { return nil }
        let rights = try await database.run(CurrentRights())
        var filter: DeadLetterRow?
        if message.state == "dead", rights.isAdmin { filter = try await database.run(LoadDeadLetter(id: id))?.row }
        return Found(
            message: message, receipts: try await database.run(LoadReceipts(id: id)),
            attempts: try await database.run(LoadAttempts(id: id)),
            audit: rights.isAdmin ? try await database.run(LoadAudit(object: id.description)) : [],
            deadLetter: filter, variables: variables ? try await database.run(LoadVariables(id: id)) : nil,
            links: rights.isAdmin ? try await database.run(LoadTargets(id: id)) : nil, now: rights.now)
    }

    private func show(_ found: Found, _ timeline: Timeline, _ advice: String?) {
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
        if let cost = MessageCost(found.attempts, found.receipts).text { out.line("cost       \(cost)") }
        for (index, target) in (found.links?.targets ?? []).enumerated() {
            out.line("link \(index + 1)".padding(toLength: 11, withPad: " ", startingAt: 0) + Printable.line(target))
        }
        out.line()
        var table = Table("time (UTC)", "after", "what", "who", "detail")
        for event in timeline.events {
            table.add(
                "\(String(event.at.shown.dropLast(4)))",
                "\(event.at <= message.createdAt ? "" : "+\((event.at - message.createdAt).rough)")",
                Table.Cell(event.what, .state(event.what)), "\(event.who ?? "")", "\(event.detail)")
        }
        out.table(table)
        if let advice {
            out.line()
            out.line("next: \(Printable.text(advice))", .bold)
        }
    }
}
