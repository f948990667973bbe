import ArgumentParser
import Domain
import Operations
import Settings
import Store

struct MessageList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List messages by state, class, template, group and age, newest first.",
        discussion: """
            One page looks at no more than 100000 messages, in the order of their ids, so that it takes about as long beside millions. The last line
            is the command for the next page. For the messages of one recipient use `martlet message find`.

            EXAMPLES
              martlet messages list --state due --newer-than 1h
              martlet messages list --state dead --class marketing --limit 200
              martlet messages list --group "spring sale" --older-than 1d --json | jq -r '.messages[].id'
            """)
    @Option(name: .long, help: "Only this state, such as ready, due, sending, accepted, delivered, dead.")
    var state: String?
    @Option(name: .long, help: "Only this class.")
    var `class`: String?
    @Option(name: .long, help: "Only this template.")
    var template: String?
    @Option(name: .long, help: "Only this group key.")
    var group: String?
    @Option(name: .long, help: "Enqueued longer ago than this, such as 1h.")
    var olderThan: DurationArgument?
    @Option(name: .long, help: "Enqueued within this time, such as 2d.")
    var newerThan: DurationArgument?
    @Option(name: .long, help: "Go on behind this message: the last one of the page before.")
    var after: MessageID?
    @Option(name: .long, help: "At most so many.")
    var limit = 50
    @OptionGroup var shared: SharedOptions

    func validate() throws { try checkLimit(limit) }

    func run() async throws {
        var filter = MessageFilter()
        filter.state = state
        filter.messageClass = `class`
        filter.template = template
        filter.group = group
        let found = try await shared.run(
            BrowseMessages(
                filter: filter, olderThan: olderThan?.duration, newerThan: newerThan?.duration, after: after, limit: limit))
        shared.show(found) {
            Terminal.out.table(MessageFind.table(found.messages, found.now))
            guard let next = found.after else { return }
            if found.messages.count < limit {
                let back = next.givenAt.relative(to: found.now)
                Terminal.out.line("\(found.looked) messages were looked at, back to \(back); the others come behind", .dim)
            }
            Terminal.out.line("next: \(command(after: next))", .bold)
        }
    }

    private func command(after next: MessageID) -> String {
        let options: [(String, String?)] = [
            ("state", state), ("class", `class`), ("template", template), ("group", group),
            ("older-than", olderThan?.duration.configured), ("newer-than", newerThan?.duration.configured), ("limit", "\(limit)"),
            ("after", "\(next)"),
        ]
        return options.reduce("martlet messages list") { line, option in
            option.1.map { "\(line) --\(option.0) \(quoted($0))" } ?? line
        }
    }

    private func quoted(_ text: String) -> String {
        text.allSatisfy { $0.isLetter || $0.isNumber || "-_.:".contains($0) } ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
