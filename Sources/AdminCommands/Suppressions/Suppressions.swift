import ArgumentParser

struct SuppressionsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suppressions", abstract: "Addresses that must not be written to: opt-outs, hard bounces, complaints.",
        subcommands: [SuppressionsList.self, SuppressionsAdd.self, SuppressionsRemove.self])
}
