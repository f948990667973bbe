import ArgumentParser
import Domain
import Store

struct DeadLettersGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters", abstract: "Messages that wait for a human: list, understand, edit, requeue, discard.",
        subcommands: [
            DeadLettersList.self, DeadLettersShow.self, DeadLettersEdit.self, DeadLettersRequeue.self,
            DeadLettersDiscard.self,
        ])
}

/// Which dead letters a command means.
struct DeadLetterFilterOptions: ParsableArguments {
    @Option(name: .long, help: "Only this class.")
    var `class`: String?
    @Option(name: .long, help: "Only this channel.")
    var channel: String?
    @Option(name: .long, help: "Only this reason, such as attempts_exhausted or in_doubt.")
    var reason: String?
    @Option(name: .long, help: "Only messages whose last attempt went to this provider.")
    var lastProvider: String?
    @Option(name: .long, help: "Only this template.")
    var template: String?
    @Option(name: .long, help: "Died longer ago than this, such as 1h.")
    var olderThan: DurationArgument?
    @Option(name: .long, help: "Died within this time, such as 2d.")
    var newerThan: DurationArgument?

    var filter: DeadLetterFilter {
        var filter = DeadLetterFilter()
        filter.messageClass = `class`
        filter.channel = channel
        filter.reason = reason
        filter.provider = lastProvider
        filter.template = template
        filter.olderThan = olderThan?.duration
        filter.newerThan = newerThan?.duration
        return filter
    }
    var isEmpty: Bool { filter == DeadLetterFilter() }
}
