import ArgumentParser
import Domain
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
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let (lanes, rates, now) = try await shared.withDatabase(.reader, deadline: .seconds(120)) { [sample] database in
            let rights = try await database.run(CurrentRights())
            var rates: [Int: Rate] = [:]
            if rights.isAdmin, sample.duration > .zero {
                let before = try await database.run(LaneCounters())
                try await ContinuousClock().sleep(for: min(sample.duration, .seconds(60)))
                rates = Rate.between(before, try await database.run(LaneCounters()))
            }
            return (try await database.run(ListLanes()), rates, try await database.run(CurrentRights()).now)
        }
        let used = lanes.filter { all || $0.classes != nil || $0.ready + $0.due + $0.leased > 0 || $0.pausedAt != nil }
        if shared.json { return Terminal.out.json(.list(used) { json($0, rates[$0.lane], now) }) }
        var table = Table("#lane", "classes", "#ready", "oldest", "#in/s", "#out/s", "#leased", "#due", "next due", "state")
        for lane in used {
            let rate = rates[lane.lane]
            let state = lane.pausedAt.map {
                Table.Cell("paused \($0.relative(to: now)) by \(lane.pausedBy ?? "?"): \(lane.pauseReason ?? "")", .yellow)
            }
            table.add(
                "\(lane.lane)", "\(lane.classes ?? "")", "\(lane.ready)", "\(lane.oldest.map { (now - $0).rough } ?? "")",
                "\(rate.map { String(Int($0.entered.rounded())) } ?? "")",
                "\(rate.map { String(Int($0.taken.rounded())) } ?? "")",
                "\(lane.leased)", "\(lane.due)", "\(lane.nextDue.map { $0.relative(to: now) } ?? "")",
                state ?? Table.Cell("open", .green))
        }
        Terminal.out.table(table)
    }

    private func json(_ lane: ListLanes.Lane, _ rate: Rate?, _ now: Timestamp) -> JSONValue {
        [
            "lane": .int(lane.lane), "classes": .list(lane.classes?.split(separator: ", ") ?? []) { .string(String($0)) },
            "ready": .int(lane.ready), "oldest_at": .time(lane.oldest),
            "oldest_seconds": lane.oldest.map { .double((now - $0).inSeconds) } ?? .null, "due": .int(lane.due),
            "next_due_at": .time(lane.nextDue), "leased": .int(lane.leased),
            "entered_per_second": rate.map { .double($0.entered) } ?? .null,
            "taken_per_second": rate.map { .double($0.taken) } ?? .null, "paused_at": .time(lane.pausedAt),
            "paused_by": .text(lane.pausedBy), "pause_reason": .text(lane.pauseReason),
        ]
    }
}

/// Messages a second into and out of a lane.
struct Rate: Sendable, Equatable {
    var entered: Double
    var taken: Double

    static func between(_ before: LaneCounters.Answer, _ after: LaneCounters.Answer) -> [Int: Rate] {
        let seconds = (after.at - before.at).inSeconds
        guard seconds > 0 else { return [:] }
        var rates: [Int: Rate] = [:]
        for (lane, counters) in after.lanes {
            // Counters begin anew with the server: never below nothing.
            let old = before.lanes[lane] ?? counters
            rates[lane] = Rate(
                entered: max(0, Double(counters.entered - old.entered) / seconds),
                taken: max(0, Double(counters.taken - old.taken) / seconds))
        }
        return rates
    }
}
