import Domain
import Store
import Text

/// The jobs, newest first.
public struct ShowJobs: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var jobs: [ListJobs.Job]
        public var now: Timestamp
        public var json: JSONValue { jobs.json }
    }

    public var limit: Int
    public init(limit: Int) { self.limit = limit }

    public func perform(in context: OperationContext) async throws -> Output {
        Output(jobs: try await context.run(ListJobs(limit: limit)), now: try await context.now())
    }
}

/// One job with its messages and what became of each.
public struct ShowJob: UseCase {
    public static let role = Role.reader

    public enum Result: String, Sendable, CaseIterable { case waiting, done, skipped }

    public struct Output: Sendable, JSONConvertible {
        public var job: ListJobs.Job
        public var messages: [ListJobMessages.Message]
        /// A worker is at work that will go on with it.
        public var hasWorker: Bool
        public var now: Timestamp
        public var json: JSONValue { job.json.adding("results", messages.json) }
    }

    public var id: Int64
    /// nil: all.
    public var result: Result?
    /// nil: all.
    public var limit: Int?
    public init(id: Int64, result: Result? = nil, limit: Int?) {
        self.id = id
        self.result = result
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let job = try await context.job(id)
        var messages: [ListJobMessages.Message] = []
        let most = limit ?? .max
        while messages.count < most {
            let page = min(most - messages.count, 10_000)
            let more = try await context.run(
                ListJobMessages(job: id, result: result?.rawValue, after: messages.last?.id ?? MessageID(0), limit: page))
            messages += more
            if more.count < page { break }
        }
        let workers = try await context.run(ListWorkers(all: false))
        return Output(
            job: job, messages: messages, hasWorker: workers.contains { $0.state == "live" }, now: try await context.now())
    }
}

extension ListJobs.Job: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .string(String(id)), "action": .string(action), "state": .string(state), "why": .string(why),
            "selection": .raw(selection), "options": .raw(options), "edited_variables": .bool(hasEditedVariables),
            "per_second": .int(perSecond), "messages": .int(messages), "done": .int(done), "skipped": .int(skipped),
            "waiting": .int(waiting), "created_at": .time(createdAt), "created_by": .string(createdBy),
            "ended_at": .time(endedAt), "stopped_by": .text(stoppedBy), "stop_reason": .text(stopReason),
        ]
    }
}

extension ListJobMessages.Message: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .id(id), "result": .string(result), "at": .time(at), "sqlstate": .text(sqlstate), "message": .text(reason),
            "hint": .text(hint),
        ]
    }
}
