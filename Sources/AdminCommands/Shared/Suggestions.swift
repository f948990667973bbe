import ArgumentParser
import Settings

/// What a command that does not exist was meant to be.
enum Suggestions {
    /// nil: every command of the line exists, so that something else is wrong.
    static func unknownCommand(in arguments: [String]) -> String? {
        unknown(arguments[...], below: Martlet.configuration, path: "martlet")
    }

    private static func unknown(_ arguments: ArraySlice<String>, below command: CommandConfiguration, path: String) -> String? {
        guard let argument = arguments.first, !argument.hasPrefix("-"), !command.subcommands.isEmpty else { return nil }
        var known: [String] = []
        for subcommand in command.subcommands {
            let configuration = subcommand.configuration
            let names = [configuration.commandName ?? subcommand._commandName] + configuration.aliases
            if names.contains(argument) {
                return unknown(arguments.dropFirst(), below: configuration, path: path + " " + argument)
            }
            if configuration.shouldDisplay { known += names }
        }
        // `martlet lanes 3`: an argument of the default subcommand, unless it looks like another one.
        if command.defaultSubcommand != nil, suggestion(for: argument, among: known) == nil { return nil }
        return "\(path) has no command \(argument): " + knownWords(argument, among: known)
    }
}
