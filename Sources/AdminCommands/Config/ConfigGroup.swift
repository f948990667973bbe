import ArgumentParser

struct ConfigGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The policy: classes, caps, senders, providers, routes, prices, words.",
        subcommands: [
            ConfigInit.self, ConfigValidate.self, ConfigApply.self, ConfigShow.self, ConfigDiff.self, ConfigRollback.self,
        ])
}
