import Domain
import Store
import Text

/// Journeys with what they are doing.
public struct ShowJourneys: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)
    public init() {}

    public func perform(in context: OperationContext) async throws -> [ListJourneys.Line] {
        try await context.run(ListJourneys())
    }
}

extension ListJourneys.Line: JSONConvertible {
    public var json: JSONValue {
        [
            "journey": .string(name), "version": .int(version), "state": .string(state), "people": .int(people), "due": .int(due),
            "failing": .int(failed), "next_due_at": .time(nextDue), "entry": .strings(entries),
            "pause_reason": .text(pauseReason),
        ]
    }
}

/// The file of a journey as it is in force.
public struct ShowJourney: UseCase {
    public static let role = Role.admin
    public var journey: String
    public init(journey: String) { self.journey = journey }

    public func perform(in context: OperationContext) async throws -> LoadJourneys.Stored {
        guard let stored = try await context.run(LoadJourneys(name: journey)).first else {
            throw OperationError.noJourney(journey)
        }
        return stored
    }
}

extension LoadJourneys.Stored: JSONConvertible {
    public var json: JSONValue {
        [
            "journey": .string(name), "version": .int(version), "definition": .string(definition), "applied_at": .time(appliedAt),
            "applied_by": .string(appliedBy),
        ]
    }
}

/// People of a journey, those whose step is due first; masked for readers.
public struct ShowJourneyPeople: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)

    public var journey: String
    /// `in`, `done`, `goal`, `exited`, `failed`, `failing`; nil: all.
    public var state: String?
    public var step: String?
    public var recipient: String?
    public var limit: Int32
    public init(journey: String, state: String?, step: String?, recipient: String?, limit: Int32) {
        self.journey = journey
        self.state = state
        self.step = step
        self.recipient = recipient
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> [ListJourneyPeople.Line] {
        guard try await !context.run(ListJourneys(name: journey)).isEmpty else { throw OperationError.noJourney(journey) }
        return try await context.run(
            ListJourneyPeople(
                journey: journey, state: state, step: step, person: recipient.map { typedAddress($0) }, limit: limit))
    }
}

extension ListJourneyPeople.Line: JSONConvertible {
    public var json: JSONValue {
        [
            "person": .string(person), "version": .int(version), "entry": .int(entry), "state": .string(state),
            "step": .string(step), "doing": .text(doing), "due_at": .time(dueAt), "reason": .text(reason),
            "entered_at": .time(enteredAt),
        ]
    }
}

/// Where the people of a journey are or ended, and what became of the messages of its steps. Counted when it is asked for.
public struct ReportJourney: UseCase {
    public static let role = Role.reader
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var journey: ListJourneys.Line
        public var counts: [JourneyReport.Count]
        public var people: [JourneyReport.Count] { counts.filter { $0.what == "people" } }
        public var messages: [JourneyReport.Count] { counts.filter { $0.what == "messages" } }
        /// People who have ever been in.
        public var entered: Int64 { people.reduce(0) { $0 + $1.count } }
        public var goals: Int64 { people.reduce(0) { $0 + $1.goals } }
        public var json: JSONValue {
            [
                "journey": journey.json, "entered": .int(entered), "goals": .int(goals),
                "people": .list(people) {
                    [
                        "step": .string($0.step), "state": .string($0.state), "reason": .text($0.reason),
                        "people": .int($0.count),
                        "goals": .int($0.goals),
                    ]
                },
                "messages": .list(messages) {
                    [
                        "step": .string($0.step), "state": .string($0.state), "reason": .text($0.reason),
                        "messages": .int($0.count),
                    ]
                },
            ]
        }
    }

    public var journey: String
    public init(journey: String) { self.journey = journey }

    public func perform(in context: OperationContext) async throws -> Output {
        guard let line = try await context.run(ListJourneys(name: journey)).first else { throw OperationError.noJourney(journey) }
        return Output(journey: line, counts: try await context.run(JourneyReport(journey: journey)))
    }
}

extension OperationError {
    static func noJourney(_ name: String) -> OperationError {
        OperationError(
            .notFound, "There is no journey \(name).",
            hint: "Apply its file: martlet journeys apply; martlet journeys list shows those that there are.")
    }
}
