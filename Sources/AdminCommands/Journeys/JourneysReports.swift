import ArgumentParser
import Domain
import Operations
import Store
import Text

struct JourneysList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Journeys with the people who are in them.",
        discussion: """
            EXAMPLES
              martlet journeys
              martlet journeys list --json
            """)
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let journeys = try await shared.run(ShowJourneys())
        if shared.json { return Terminal.out.json(journeys.json) }
        guard !journeys.isEmpty else { return Terminal.out.line("no journey has been applied: martlet journeys apply") }
        var table = Table("journey", "#version", "entry", "#people", "#due", "#failing", "next", "state")
        for line in journeys {
            table.add(
                "\(line.name)", "\(line.version)", "\(line.entries.joined(separator: ", "))", "\(line.people)", "\(line.due)",
                line.failed == 0 ? "0" : Table.Cell("\(line.failed)", .yellow), "\(line.nextDue?.shown ?? "")",
                line.state == "paused" ? Table.Cell("paused: \(line.pauseReason ?? "")", .yellow) : Table.Cell(line.state))
        }
        Terminal.out.table(table)
    }
}

struct JourneysShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The file of a journey as it is in force.",
        discussion: """
            EXAMPLES
              martlet journeys show cart-left
            """)
    @Argument(help: "The journey.") var journey: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let stored = try await shared.run(ShowJourney(journey: journey))
        if shared.json { return Terminal.out.json(stored.json) }
        Terminal.out.line(
            "# \(stored.name) version \(stored.version), applied \(stored.appliedAt.shown) by \(stored.appliedBy)", .dim)
        Terminal.out.line(Printable.text(stored.definition))
    }
}

struct JourneysPeople: AsyncParsableCommand {
    enum State: String, CaseIterable, ExpressibleByArgument { case `in`, done, goal, exited, failed, failing }

    static let configuration = CommandConfiguration(
        commandName: "people", abstract: "Who is where in a journey, and what they wait for.",
        discussion: """
            Those whose step is due come first. failing: a step that is tried again, or was given up; the reason says why.

            EXAMPLES
              martlet journeys people cart-left
              martlet journeys people cart-left --state failing
              martlet journeys people cart-left --recipient c-4711 --json
            """)
    @Argument(help: "The journey.") var journey: String
    @Option(name: .long, help: "in, done, goal, exited, failed or failing.") var state: State?
    @Option(name: .long, help: "Only people at this step.") var step: String?
    @Option(name: .long, help: "Only this person.") var recipient: String?
    @Option(name: .long, help: "At most so many.") var limit: Int32 = 50
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let people = try await shared.run(
            ShowJourneyPeople(journey: journey, state: state?.rawValue, step: step, recipient: recipient, limit: limit))
        shared.show(people.json) {
            var table = Table("person", "#version", "#entry", "step", "state", "due", "entered", "reason")
            for line in people {
                table.add(
                    "\(line.person)", "\(line.version)", "\(line.entry)", "\(line.step)",
                    "\(line.doing.map { "\(line.state), \($0)" } ?? line.state)", "\(line.dueAt?.shown ?? "")",
                    "\(line.enteredAt.shown)", "\(line.reason ?? "")")
            }
            Terminal.out.table(table)
        }
    }
}

struct JourneysReport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Where the people of a journey are or ended, and what became of the messages of its steps.",
        discussion: """
            Counted from people, messages and receipts when it is asked for.

            EXAMPLES
              martlet journeys report cart-left
              martlet journeys report cart-left --json
            """)
    @Argument(help: "The journey.") var journey: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(ReportJourney(journey: journey))
        shared.show(output) {
            Terminal.out.line(
                "\(output.journey.name) version \(output.journey.version): \(output.journey.state); \(output.entered) people, \(output.journey.people) in it now, \(output.goals) reached a goal"
            )
            var people = Table("step", "state", "reason", "#people", "#goals")
            for count in output.people {
                people.add("\(count.step)", "\(count.state)", "\(count.reason ?? "")", "\(count.count)", "\(count.goals)")
            }
            Terminal.out.table(people)
            var messages = Table("step", "message", "reason", "#messages")
            for count in output.messages {
                messages.add("\(count.step)", "\(count.state)", "\(count.reason ?? "")", "\(count.count)")
            }
            if !output.messages.isEmpty { Terminal.out.table(messages) }
        }
    }
}
