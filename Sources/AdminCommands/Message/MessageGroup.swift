import ArgumentParser

struct MessageGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Messages: preview one, enqueue, see what happened to it, find, list, cancel.",
        subcommands: [
            MessagePreview.self, MessageShow.self, MessageFind.self, MessageList.self, MessageCancel.self, MessageEnqueue.self,
        ], aliases: ["messages"])
}
