import ArgumentParser
import Operations

struct DeadLettersDiscard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Give dead letters up for good, audited.",
        discussion: """
            Asks first. What was discarded cannot be requeued; its receipts stay. It is a job, as with requeue.

            EXAMPLES
              martlet dead-letters discard 252144690003968 --why "the customer called, it arrived"
              martlet dead-letters discard --all-matching --reason rejected_recipient --older-than 7d --why "dead numbers" --dry-run
            """)
    @OptionGroup var selection: BulkSelection
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await selection.run(.discard, (question: "Discard for good", done: "discarded"), asksForIDs: true, shared)
    }
}
