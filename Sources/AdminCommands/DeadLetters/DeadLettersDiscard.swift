import ArgumentParser
import Store

struct DeadLettersDiscard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard", abstract: "Give dead letters up for good, audited.",
        discussion: """
            Asks first. What was discarded cannot be requeued; its receipts stay.

            EXAMPLES
              martlet dead-letters discard 252144690003968 --why "the customer called, it arrived"
              martlet dead-letters discard --all-matching --reason rejected_recipient --older-than 7d --why "dead numbers" --dry-run
            """)
    @OptionGroup var selection: BulkSelection
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let result = try await shared.withDatabase(.admin) { database in
            let work = BulkWork(
                act: { [why = selection.why] connection, ids in
                    try await connection.run(DiscardDeadLetters(ids: ids, why: why))
                }, verb: "discarded")
            return try await selection.run(work, "Discard for good", asksForIDs: true, on: database, asJSON: shared.json)
        }
        try result?.report("discarded", asJSON: shared.json)
    }
}
