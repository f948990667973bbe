import ArgumentParser

struct MessageGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "One message: preview it, see what happened to it, find it.",
        subcommands: [MessageShow.self, MessageFind.self])
}
