import ArgumentParser

struct ProvidersGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers", abstract: "Accounts at carriers, mail servers and HTTP APIs.",
        subcommands: [
            ProvidersList.self, ProvidersPause.self, ProvidersDrain.self, ProvidersMove.self, ProvidersResume.self,
            ProvidersShow.self, ProvidersTest.self,
        ], defaultSubcommand: ProvidersList.self)
}
