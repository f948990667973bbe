import ArgumentParser

struct JobsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Bulk work on dead letters: how far it is, what became of each message; stop it.",
        subcommands: [JobsList.self, JobsShow.self, JobsStop.self, JobsResume.self], defaultSubcommand: JobsList.self)
}
