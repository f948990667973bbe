import ArgumentParser

struct MessageGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "One message: preview it, see what happened to it, find it.",
        subcommands: [MessagePreview.self, MessageShow.self, MessageFind.self])
}
