import ArgumentParser
import Operations

struct DeadLettersRequeue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requeue", abstract: "Send dead letters again: a new time to live, a new series of attempts, audited.",
        discussion: """
            It is a job: its messages are fixed when it begins. Workers work on it, and so does this command while it waits. If the command
            is ended the job goes on; `martlet jobs` lists, shows and stops it. A message that is refused is reported, and the others
            are requeued all the same: one in doubt needs --may-duplicate, one whose word a list holds --approve-words. A message that dies again meanwhile is not requeued twice.
            Nothing is requeued before all live workers use the newest policy and templates, or 30 s after these were stored.

            EXAMPLES
              martlet dead-letters requeue 252144690003968 --why "provider is back"
              martlet dead-letters requeue --all-matching --reason attempts_exhausted --newer-than 6h --why "outage of 3 May" --dry-run
              martlet dead-letters requeue --all-matching --class marketing --why "new sender" --per-second 50 --detach --yes
              martlet dead-letters requeue 252144690003968 --variables @fixed.json --why "template variable was missing"
              martlet dead-letters requeue 252144690003968 --may-duplicate --why "carrier says it never came"
            """)
    @OptionGroup var selection: BulkSelection
    @Option(
        name: .long, help: "JSON object or @file: its members take the place of those of each message's variables, or are added.")
    var variables: VariablesArgument?
    @Option(name: .long, help: "JSON object or @file: takes the place of all variables of each message.")
    var replaceVariables: VariablesArgument?
    @Option(name: .long, help: "Send by this provider instead of the one the routes choose.")
    var provider: String?
    @Flag(name: .long, help: "Messages in doubt, too: the recipient may get them twice.")
    var mayDuplicate = false
    @Flag(name: .long, help: "You have read the text that a word list held.")
    var approveWords = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard variables == nil || replaceVariables == nil else {
            throw ValidationError("Give --variables or --replace-variables.")
        }
    }

    func run() async throws {
        let requeue = JobAction.Requeue(
            variables: try (replaceVariables ?? variables)?.load(), replacesVariables: replaceVariables != nil,
            provider: provider, mayDuplicate: mayDuplicate, approvesWords: approveWords)
        try await selection.run(.requeue(requeue), (question: "Requeue", done: "requeued"), asksForIDs: false, shared)
    }
}
