import ArgumentParser
import Domain
import Operations
import Store

struct MessageEnqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue", abstract: "Enqueue one message, as a service would; it is sent like any other.",
        discussion: """
            The message belongs to your role. Consent, caps, quiet hours and time to live are those of its class. Look first with
            `martlet message preview`.

            EXAMPLES
              martlet enqueue +8613800138000 --class transactional --template order-confirmed \\
                --variables '{"order_number": "A-17", "time": "9:30", "total": "£12"}' --why "the customer got none"
              martlet enqueue ann@example.com --channel email --class transactional --template refund-issued \\
                --variables @refund.json --idempotency-key "refund 4711" --why "lost by the old system" --dry-run
            """)
    @OptionGroup var recipient: RecipientArgument
    @Option(name: .long, help: "Class of the message.")
    var `class`: String
    @Option(name: .long, help: "Key of the template.")
    var template: String
    @Option(name: .long, help: "Channel; left out: email for mailboxes, sms for numbers.")
    var channel: String?
    @Option(name: .long, help: "JSON object, @file, or - for standard input.")
    var variables: VariablesArgument?
    @Option(name: .long, help: "Locale of the recipient, such as zh-CN.")
    var locale: String?
    @Option(name: .long, help: "The person, where it is not the address.")
    var recipientKey: String?
    @Option(name: .long, help: "Group key.")
    var group: String?
    @Option(name: .long, help: "Key of the sender.")
    var sender: String?
    @Option(name: .long, help: "IANA zone of the recipient.")
    var timeZone: String?
    @Option(name: .long, help: "The same key and the same message again is one message.")
    var idempotencyKey: String?
    @Option(name: .long, help: "Not before this time, ISO 8601 with a zone.")
    var scheduledAt: String?
    @Option(name: .long, help: "Not after this time, ISO 8601 with a zone.")
    var expiresAt: String?
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .long, help: "Let the database check everything, enqueue nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard !why.isEmpty else { throw ValidationError("--why must not be empty.") }
    }

    func run() async throws {
        var row = BulkRow()
        row["recipient"] = recipient.value
        row["channel"] = channel ?? channelOf(recipient.value)
        row["class"] = `class`
        row["template"] = template
        row["variables"] = try variables?.load()
        row["locale"] = locale
        row["recipient_key"] = recipientKey
        row["group_key"] = group
        row["sender"] = sender
        row["time_zone"] = timeZone
        row["idempotency_key"] = idempotencyKey
        row["scheduled_at"] = scheduledAt
        row["expires_at"] = expiresAt
        let output = try await shared.run(EnqueueMessage(row, why: why, dryRun: dryRun))
        shared.show(output) {
            guard let id = output.id else { return Terminal.out.line("dry run: it would be enqueued") }
            Terminal.out.line("\(id)")
            Terminal.error.line("what became of it: martlet message show \(id)", .dim)
        }
    }
}
