import Domain
import Store
import Text

/// Holds a journey: from the answered instant on no step is taken and no message is admitted; PostgreSQL writes the audit.
public struct HoldJourney: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var journey: String
        public var pausedAt: Timestamp
        public var people: Int64
        public var json: JSONValue {
            ["journey": .string(journey), "paused_at": .time(pausedAt), "people": .int(people)]
        }
    }

    public var journey: String
    public var why: String
    public init(journey: String, why: String) {
        self.journey = journey
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let answer = try await context.run(PauseJourney(journey: journey, why: why))
        return Output(journey: journey, pausedAt: answer.pausedAt, people: answer.people)
    }
}

/// Lets a paused journey go on; a dry run says how many steps have become due meanwhile. PostgreSQL writes the audit.
public struct ContinueJourney: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var journey: String
        public var isDryRun: Bool
        public var pausedAt: Timestamp
        /// Steps that have become due during the pause.
        public var late: Int64
        public var json: JSONValue {
            ["journey": .string(journey), "dry_run": .bool(isDryRun), "paused_at": .time(pausedAt), "late": .int(late)]
        }
    }

    public var journey: String
    public var why: String
    public var dryRun: Bool
    public init(journey: String, why: String, dryRun: Bool) {
        self.journey = journey
        self.why = why
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        try await context.database.withConnection { connection in
            let answer = try await connection.begin(ResumeJourney(journey: journey, why: why))
            if dryRun { await connection.rollbackAfterError() } else { try await connection.commit() }
            return Output(journey: journey, isDryRun: dryRun, pausedAt: answer.pausedAt, late: answer.late)
        }
    }
}

/// Lets one person into a journey by hand, or all people of its audience; PostgreSQL writes the audit. An audience enters some thousands at a time: what is done stays
/// done when it is interrupted, and the same call goes on from there, because a person who is in does not enter again.
public struct AdmitToJourney: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var journey: String
        public var entered: Int64
        /// People whom re-entry keeps out.
        public var keptOut: Int64
        public var json: JSONValue { ["journey": .string(journey), "entered": .int(entered), "kept_out": .int(keptOut)] }
    }

    public var journey: String
    /// nil: its audience.
    public var recipient: String?
    /// A JSON object.
    public var data: String
    public init(journey: String, recipient: String?, data: String) {
        self.journey = journey
        self.recipient = recipient
        self.data = data
    }

    public func perform(in context: OperationContext) async throws -> Output {
        if let recipient {
            let entered = try await context.run(EnterJourney(journey: journey, person: typedAddress(recipient), data: data))
            return Output(journey: journey, entered: entered ? 1 : 0, keptOut: entered ? 0 : 1)
        }
        var output = Output(journey: journey, entered: 0, keptOut: 0)
        var after: Int64 = 0
        while true {
            let answer = try await context.run(EnterAudience(journey: journey, after: after))
            output.entered += answer.entered
            output.keptOut += answer.looked - answer.entered
            guard let last = answer.last else { return output }
            after = last
        }
    }
}

/// Takes one person out of a journey; what is enqueued is not admitted any more. PostgreSQL writes the audit.
public struct RemoveFromJourney: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var journey: String
        public var wasIn: Bool
        public var json: JSONValue { ["journey": .string(journey), "was_in": .bool(wasIn)] }
    }

    public var journey: String
    public var recipient: String
    public var why: String
    public init(journey: String, recipient: String, why: String) {
        self.journey = journey
        self.recipient = recipient
        self.why = why
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let wasIn = try await context.run(ExitJourney(journey: journey, person: typedAddress(recipient), why: why))
        return Output(journey: journey, wasIn: wasIn)
    }
}
