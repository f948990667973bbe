import ArgumentParser
import Domain
import Operations
import Store

struct LanesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lanes", abstract: "The lanes: depth, age of the oldest, rate; pause and resume them.",
        subcommands: [LanesList.self, LanesPause.self, LanesResume.self], defaultSubcommand: LanesList.self)
}

struct LanesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show every lane that is used.",
        discussion: """
            in/s and out/s: messages that entered and left the lane during --sample, from PostgreSQL's own counters, which follow
            within seconds. Lane 8 is where messages wait whose worker died with them. Only admins see rates.

            EXAMPLES
              martlet lanes
              martlet lanes --sample 5s
              martlet lanes --json | jq '.[] | select(.ready > 1000)'
            """)
    @Option(name: .long, help: "How long to watch for the rates; 0s: not at all.")
    var sample = DurationArgument(argument: "1s")!
    @Flag(name: .long, help: "Show lanes without classes too.")
    var all = false
    @OptionGroup var watching: WatchOptions
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try await watching.run {
            let found = try await shared.run(ShowLanes(sample: sample.duration, all: all))
            shared.show(found) { Terminal.out.table(Self.table(found)) }
        }
    }

    static func table(_ found: ShowLanes.Output) -> Table {
        var table = Table("#lane", "classes", "#ready", "oldest", "#in/s", "#out/s", "#leased", "#due", "next due", "state")
        for lane in found.lanes { table.add(lane, found.rates[lane.lane], found.now) }
        return table
    }
}

extension Table {
    fileprivate mutating func add(_ lane: ListLanes.Lane, _ rate: LaneRate?, _ now: Timestamp) {
        let state = lane.pausedAt.map {
            Cell("paused \($0.relative(to: now)) by \(lane.pausedBy ?? "?"): \(lane.pauseReason ?? "")", .yellow)
        }
        add(
            "\(lane.lane)", "\(lane.classes ?? "")", "\(lane.ready)", "\(lane.oldest.map { (now - $0).rough } ?? "")",
            "\(rate.map { String(Int($0.entered.rounded())) } ?? "")", "\(rate.map { String(Int($0.taken.rounded())) } ?? "")",
            "\(lane.leased)", "\(lane.due)", "\(lane.nextDue.map { $0.relative(to: now) } ?? "")",
            state ?? Cell("open", .green))
    }
}
