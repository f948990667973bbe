import Domain
import Store
import Text

/// Begins a job on many dead letters: its messages are fixed now, any worker works on them, each gets a result. PostgreSQL writes the audit, of
/// the job and of each message, in the name of the actor. Answers the job.
public struct StartJob: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(120)

    public var action: JobAction
    public var selection: JobSelection
    public var why: String
    /// Messages a second on average, 1 … 100000; nil: as fast as it goes.
    public var perSecond: Int?
    public init(_ action: JobAction, _ selection: JobSelection, why: String, perSecond: Int? = nil) {
        self.action = action
        self.selection = selection
        self.why = why
        self.perSecond = perSecond
    }

    public func perform(in context: OperationContext) async throws -> ListJobs.Job {
        if case .requeue(let requeue) = action, let provider = requeue.provider,
            try await context.currentPolicy().policy.providers[provider] == nil
        {
            throw OperationError(
                .refused, "The policy has no provider \(provider).", hint: "`martlet config show --file providers.yaml`.")
        }
        let messages: CreateJob.Messages =
            switch selection {
            case .ids(let ids): .named(ids)
            case .matching(let filter): .matching(filter)
            }
        let create = CreateJob(
            action: action.name, why: why, messages: messages, selection: selection.json.text, options: action.options.text,
            perSecond: perSecond)
        guard let id = try await context.run(create) else { throw Self.nothing }
        return try await context.job(id)
    }

    static var nothing: OperationError { OperationError(.notFound, "No dead letter matches.") }
}

/// Does one batch of a job now, if it is due and no worker has it, and answers the job as it stands: for a caller that waits for it. Workers do the
/// same without being asked.
public struct ContinueJob: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(60)

    public struct Output: Sendable {
        public var job: ListJobs.Job
        /// A batch was done.
        public var hasWorked: Bool
    }

    public var id: Int64
    public init(id: Int64) { self.id = id }

    public func perform(in context: OperationContext) async throws -> Output {
        let worked = try await context.run(WorkOnJobs(job: id))
        return Output(job: try await context.job(id), hasWorked: worked != nil)
    }
}

/// Stops a job after the batch that is being worked on. What is done stays done; what waits is left as it is.
public struct StopJob: UseCase {
    public static let role = Role.admin
    public var id: Int64
    public var why: String
    public init(id: Int64, why: String) {
        self.id = id
        self.why = why
    }

    public struct Output: Sendable, JSONConvertible {
        public var job: ListJobs.Job
        /// False: it had ended before.
        public var wasRunning: Bool
        public var json: JSONValue { job.json.adding("was_running", .bool(wasRunning)) }
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let wasRunning = try await context.run(EndJob(job: id, why: why))
        return Output(job: try await context.job(id), wasRunning: wasRunning)
    }
}

/// Lets a job that was stopped go on with the messages that have no result yet; PostgreSQL writes the audit.
public struct ResumeJob: UseCase {
    public static let role = Role.admin
    public var id: Int64
    public var why: String
    public init(id: Int64, why: String) {
        self.id = id
        self.why = why
    }

    public struct Output: Sendable, JSONConvertible {
        public var job: ListJobs.Job
        /// True: it had not been stopped.
        public var wasRunning: Bool
        public var json: JSONValue { job.json.adding("was_running", .bool(wasRunning)) }
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let isResumed = try await context.run(ReopenJob(job: id, why: why))
        return Output(job: try await context.job(id), wasRunning: !isResumed)
    }
}

extension OperationContext {
    func job(_ id: Int64) async throws -> ListJobs.Job {
        guard let job = try await run(ListJobs(job: id, limit: 1)).first else {
            throw OperationError(
                .notFound, "There is no job \(id).", hint: "`martlet jobs list` shows those of the last 35 days.")
        }
        return job
    }
}
