import ArgumentParser
import Domain
import Store

struct DeadLettersRequeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "Send dead letters again: a new time to live, a new series of attempts, audited.",
        discussion: """
            In transactions of at most 500. A message that is refused is reported, and the others are requeued all the same. A message that
            dies again while the command runs is not requeued twice.

            EXAMPLES
              martlet dead-letters requeue 252144690003968 --why "provider is back"
              martlet dead-letters requeue --all-matching --reason attempts_exhausted --newer-than 6h --why "outage of 3 May" --dry-run
              martlet dead-letters requeue 252144690003968 --variables @fixed.json --why "template variable was missing"
              martlet dead-letters requeue 252144690003968 --may-duplicate --why "carrier says it never came"
            """)
    @OptionGroup var selection: BulkSelection
    @Option(name: .long, help: "JSON object or @file: replaces all variables of each message.")
    var variables: VariablesArgument?
    @Option(name: .long, help: "Send by this provider instead of the one the routes choose.")
    var provider: String?
    @Flag(name: .long, help: "Messages in doubt, too: the recipient may get them twice.")
    var mayDuplicate = false
    @Flag(name: .long, help: "You have read the text that a word list held.")
    var approveWords = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let variables = try variables?.load()
        let result = try await shared.withDatabase(.admin) { database -> BulkWork.Result? in
            if let provider, try await currentPolicy(database).policy.providers[provider] == nil {
                throw AdminError(
                    .refused, "The policy has no provider \(provider).", hint: "`martlet config show --file providers.yaml`.")
            }
            let work = BulkWork(
                act: { [why = selection.why, provider, mayDuplicate, approveWords] connection, ids in
                    _ = try await connection.run(
                        RequeueDeadLetters(
                            ids: ids, why: why, variables: variables, provider: provider, mayDuplicate: mayDuplicate,
                            approvesWords: approveWords))
                }, verb: "requeued")
            return try await selection.run(work, "Requeue", asksForIDs: false, on: database, asJSON: shared.json)
        }
        try result?.report("requeued", asJSON: shared.json)
    }
}
