import ArgumentParser

struct ProvidersGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Accounts at carriers, mail servers and HTTP APIs.",
        subcommands: [ProvidersTest.self, ProvidersShow.self]
    )
}
