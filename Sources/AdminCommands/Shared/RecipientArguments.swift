import ArgumentParser

/// The person that a command is about: as an argument, or by `--recipient`.
struct RecipientArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("Recipient key or, as E.164 or mailbox, the address.", valueName: "recipient"))
    var positional: String?
    @Option(name: .customLong("recipient"), help: ArgumentHelp("The same as the argument.", valueName: "recipient"))
    var named: String?

    func validate() throws {
        guard positional == nil || named == nil else { throw ValidationError("Give the recipient once.") }
        guard positional != nil || named != nil else { throw ValidationError("Give a recipient.") }
    }
    var value: String { positional ?? named ?? "" }
}

/// The same where it may be left out.
struct RecipientFilter: ParsableArguments {
    @Argument(help: ArgumentHelp("Only this recipient.", valueName: "recipient"))
    var positional: String?
    @Option(name: .customLong("recipient"), help: ArgumentHelp("The same as the argument.", valueName: "recipient"))
    var named: String?

    func validate() throws {
        guard positional == nil || named == nil else { throw ValidationError("Give the recipient once.") }
    }
    var value: String? { positional ?? named }
}

/// Why something is done, for the audit: `--why`, and by the name that the command had for it before.
func reason(_ why: String?, _ before: String?) throws -> String? {
    guard why == nil || before == nil else { throw ValidationError("Give the reason once, by --why.") }
    return why ?? before
}
