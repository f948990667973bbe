import ArgumentParser
import Domain
import Operations

struct JourneysEnter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enter", abstract: "Let a person into a journey by hand, or all people of its audience.",
        discussion: """
            Re-entry decides as it does for events. Without a recipient the journey's audience enters; the same call again goes on where the first was interrupted.

            EXAMPLES
              martlet journeys enter cart-left c-4711 --data '{"sms": "+8613800138000", "name": "Ann"}'
              martlet journeys enter onboarding
            """)
    @Argument(help: "The journey.") var journey: String
    @Argument(help: "The recipient key: a customer's number, or the address where there is none.") var recipient: String?
    @Option(name: .long, help: "What the event would bring: a JSON object, @file, or - for standard input.")
    var data: VariablesArgument?
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(AdmitToJourney(journey: journey, recipient: recipient, data: try data?.load() ?? "{}"))
        shared.show(output) {
            Terminal.out.line("\(output.entered) entered \(journey); re-entry kept \(output.keptOut) out", .green)
        }
    }
}

struct JourneysExit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exit", abstract: "Take a person out of a journey; what is enqueued for them is not sent.",
        discussion: """
            EXAMPLES
              martlet journeys exit cart-left c-4711 --why "asked by phone"
            """)
    @Argument(help: "The journey.") var journey: String
    @Argument(help: "The recipient key.") var recipient: String
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(RemoveFromJourney(journey: journey, recipient: recipient, why: why))
        shared.show(output) {
            Terminal.out.line(output.wasIn ? "\(recipient) has left \(journey)" : "\(recipient) was not in \(journey)")
        }
    }
}

struct JourneysPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Hold a journey: from the answered instant on no step is taken and no message is admitted.",
        discussion: """
            People still enter, reach goals and leave. The time that they wait for passes: what becomes due is taken after resume.

            EXAMPLES
              martlet journeys pause cart-left --why "wrong price"
            """)
    @Argument(help: "The journey.") var journey: String
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(HoldJourney(journey: journey, why: why))
        shared.show(output) {
            Terminal.out.line("\(journey) is paused since \(output.pausedAt.iso8601) with \(output.people) people in it", .green)
        }
    }
}

struct JourneysResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let a paused journey go on.",
        discussion: """
            Steps that have become due meanwhile are taken now. --dry-run says how many they are.

            EXAMPLES
              martlet journeys resume cart-left --why "price corrected" --dry-run
            """)
    @Argument(help: "The journey.") var journey: String
    @Option(name: .long, help: "Why, for the audit.") var why: String
    @Flag(name: .long, help: "Say what would come of it, and leave the journey paused.") var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ContinueJourney(journey: journey, why: why, dryRun: dryRun))
        shared.show(output) {
            Terminal.out.line(
                "\(journey) \(dryRun ? "would go on" : "goes on"); \(output.late) steps have become due", dryRun ? .plain : .green
            )
        }
    }
}
