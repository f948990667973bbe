import ArgumentParser
import Domain
import Operations
import Store

struct InboundGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbound", abstract: "What people wrote to our numbers.", subcommands: [InboundList.self],
        defaultSubcommand: InboundList.self)
}

struct InboundList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List replies and other texts, newest first; the parts of a long one as one.",
        discussion: """
            EXAMPLES
              martlet inbound
              martlet inbound list +8613800138000
              martlet inbound list --limit 200 --json | jq -r '.texts[].text'
            """)
    @OptionGroup var recipient: RecipientFilter
    @Option(name: .long, help: "Go on behind this text: the number that the page before ended with.")
    var after: Int64?
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        let found = try await shared.run(ShowInbound(sender: recipient.value, after: after, limit: limit))
        shared.show(found) {
            var table = Table("time", "from", "to", "provider", "text")
            for text in found.texts {
                let whole = text.partsHere == text.parts ? "" : " (\(text.partsHere) of \(text.parts) parts)"
                let body = text.body.map { Table.Cell($0 + whole) } ?? Table.Cell("cannot be read" + whole, .yellow)
                table.add("\(text.at.shown)", "\(text.sender)", "\(text.recipient)", "\(text.provider)", body)
            }
            Terminal.out.table(table)
            if let next = found.after { Terminal.out.line("there is more: --after \(next)", .bold) }
        }
    }
}

struct WebhooksGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhooks", abstract: "Services that hear of events.", subcommands: [WebhooksList.self],
        defaultSubcommand: WebhooksList.self)
}

struct WebhooksList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the endpoints of the policy in force, what each hears of, and what did not reach it.",
        discussion: """
            Events that did not reach an endpoint within three days are dead letters of class webhook.

            EXAMPLES
              martlet webhooks
              martlet webhooks list --json | jq '.[] | select(.dead_letters > 0)'
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let endpoints = try await shared.run(ShowWebhooks())
        shared.show(endpoints) {
            var table = Table("endpoint", "url", "events", "classes", "groups", "#dead")
            for found in endpoints {
                let endpoint = found.endpoint
                table.add(
                    "\(endpoint.name)", "\(found.url ?? "")", "\(endpoint.events.joined(separator: ", "))",
                    "\(endpoint.classes.isEmpty ? "all" : endpoint.classes.joined(separator: ", "))",
                    "\(endpoint.groupPrefixes.isEmpty ? "all" : endpoint.groupPrefixes.map { $0 + "…" }.joined(separator: ", "))",
                    Table.Cell("\(found.dead)", found.dead > 0 ? .yellow : .plain))
            }
            Terminal.out.table(table)
        }
    }
}
