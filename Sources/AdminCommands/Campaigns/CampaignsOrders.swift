import ArgumentParser
import Campaigns
import Domain
import Operations
import Text

struct CampaignsApprove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let a run go that another admin started and that is larger than four_eyes.",
        discussion: """
            EXAMPLES
              martlet campaigns approve 7 --why "texts and figures checked"
            """)
    @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int32
    @Option(name: .long, help: "Why, for the audit.") var why: String?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ApproveCampaignRun(run: number, why: why))
        shared.show(output) { Terminal.out.line("run \(number) is approved", .green) }
    }
}

struct CampaignsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Hold a run: from the answered instant on none of its messages is admitted.",
        discussion: """
            What was admitted before is on its way and is counted as in flight. A run that waits for its start can be paused, too.

            EXAMPLES
              martlet campaigns pause 7 --why "wrong price"
            """)
    @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int32
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(PauseCampaignRun(run: number, why: why))
        shared.show(output) {
            Terminal.out.line(
                "run \(number) is paused since \(output.pausedAt.iso8601); \(output.inFlight) messages were in flight", .green)
            for message in output.messages.prefix(20) { Terminal.out.line("  \(message)") }
            if output.inFlight > 20 { Terminal.out.line("  and \(output.inFlight - 20) more") }
        }
    }
}

extension RunPlan.Resumption: ExpressibleByArgument {}

struct CampaignsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused run go on.",
        discussion: """
            --late says what becomes of members who should have been released meanwhile: shift moves everything by as long as the pause was, send releases
            them now as fast as the pace allows, skip gives them up. Windows are kept, and hours, times to live and caps are judged anew.

            EXAMPLES
              martlet campaigns resume 7 --why "price corrected" --dry-run
              martlet campaigns resume 7 --why "price corrected" --late send
            """)
    @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int32
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @Option(name: .long, help: "shift, skip or send.") var late = RunPlan.Resumption.shift
    @Flag(name: .long, help: "Say what would come of it, and leave the run paused.") var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ResumeCampaignRun(run: number, why: why, late: late, dryRun: dryRun))
        let resumed = output.resumed
        shared.show(output) {
            Terminal.out.line(
                "run \(number) \(dryRun ? "would go on" : "goes on"): \(resumed.waiting) members wait"
                    + (resumed.endsAt.map { ", the last are released \($0.shown)" } ?? "") + "; \(resumed.skipped) are given up",
                dryRun ? .plain : .green)
        }
    }
}

struct CampaignsStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "End a run for good: nothing more is released, what is enqueued is cancelled.",
        discussion: """
            EXAMPLES
              martlet campaigns stop 7 --why "sold out"
            """)
    @Argument(help: ArgumentHelp("The run's number.", valueName: "run")) var number: Int32
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        try Confirmation.ask("Stop run \(number) for good?", yes: yes)
        let output = try await shared.run(StopCampaignRun(run: number, why: why))
        shared.show(output) {
            Terminal.out.line("run \(number) is stopped; \(output.waiting) members had not been released", .green)
        }
    }
}
