import ArgumentParser
import Domain
import Operations
import Store

struct ClusterGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster", abstract: "The number of this cluster, which ids of messages carry; show and set it.",
        subcommands: [ClusterShow.self, ClusterSet.self], defaultSubcommand: ClusterShow.self)
}

struct ClusterShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the number of this cluster.",
        discussion: """
            EXAMPLES
              martlet cluster
              martlet cluster --json | jq .number
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let cluster = try await shared.run(ShowClusterNumber())
        shared.show(cluster) { show(cluster) }
    }
}

struct ClusterSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Give this cluster its number, 0 … 63.",
        discussion: """
            A single cluster needs no number: it is 0. Where there are several, each has one of its own. It stays once ids
            carry it: links, unsubscribe tokens and receipts find messages by it. Ids from before belong to cluster 0.

            EXAMPLES
              martlet cluster set 3 --why "the cluster in Frankfurt"
            """)
    @Argument(help: "The number, 0 … 63.")
    var number: Int
    @Option(name: .long, help: "Why; kept in the audit.")
    var why: String
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try Confirmation.ask("Make this cluster number \(number)? It cannot be changed once messages carry it.", yes: yes)
        let cluster = try await shared.run(GiveClusterNumber(number: number, why: why))
        shared.show(cluster) { show(cluster) }
    }
}

private func show(_ cluster: ClusterNumber) {
    Terminal.out.line("this is cluster \(cluster.number)", .bold)
    Terminal.out.line(
        cluster.since.map { "ids from \($0) on carry a number (\($0.givenAt.shown)); older ones belong to cluster 0" }
            ?? "no number was ever set: all ids belong to cluster 0")
}
