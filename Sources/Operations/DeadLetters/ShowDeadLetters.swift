import Domain
import Store
import Text

/// Dead letters that match, newest death first, with a count by reason.
public struct SearchDeadLetters: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var count: CountDeadLetters.Answer
        public var rows: [DeadLetterRow]
        public var now: Timestamp { count.now }

        public var json: JSONValue {
            ["count": .int(count.total), "reasons": count.reasonsAsJSON, "dead_letters": rows.json]
        }
    }

    public var filter: DeadLetterFilter
    public var limit: Int
    public init(filter: DeadLetterFilter, limit: Int) {
        self.filter = filter
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let count = try await context.run(CountDeadLetters(filter: filter))
        let rows = try await context.run(ListDeadLetters(filter: filter, limit: limit))
        if rows.isEmpty { try await context.checkFilters(filter) }
        return Output(count: count, rows: rows)
    }
}

/// One dead letter: why, what to do, its history and body. The body is missing when its class erases bodies.
public struct ShowDeadLetter: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var letter: LoadDeadLetter.Letter
        public var receipts: [LoadReceipts.Receipt]
        /// As a requeue would take them: JSON.
        public var variables: String
        /// As it would be sent now, by the policy and the template in force; nil: it cannot be, see `problem`, or its class erases bodies.
        public var preview: Preview?
        /// Why it could not be sent as it is.
        public var problem: String?
        /// What can be done, the likeliest first.
        public var commands: [String]
        public var now: Timestamp

        public var json: JSONValue {
            letter.row.json.adding("message", letter.isErased ? .null : .raw(letter.message))
                .adding("variables", letter.isErased ? .null : .raw(variables)).adding("history", .raw(letter.history))
                .adding("would_send", preview?.json ?? .null).adding("problem", .text(problem))
                .adding("next", .list(commands) { .string($0) })
        }
    }

    public var id: MessageID
    public init(id: MessageID) { self.id = id }

    public func perform(in context: OperationContext) async throws -> Output {
        guard var letter = try await context.run(LoadDeadLetter(id: id)) else {
            throw OperationError(
                .notFound, "Message \(id) is not a dead letter.", hint: "`martlet message show \(id)` tells what became of it.")
        }
        if letter.isErased { letter.row.remedy = Advice.erased }
        let variables = try await context.run(LoadVariables(id: id)) ?? "{}"
        var output = Output(
            letter: letter, receipts: try await context.run(LoadReceipts(id: id)), variables: variables,
            commands: Advice.commands(letter.row, isErased: letter.isErased), now: try await context.now())
        guard !letter.isErased else { return output }
        do {
            output.preview = try await DeadLetterText(letter, variables: variables).render(in: context)
        } catch let error as OperationError {
            output.problem = error.description
        }
        return output
    }
}

extension OperationContext {
    /// `checkFilters` for dead letters.
    func checkFilters(_ filter: DeadLetterFilter) async throws {
        try await checkFilters(
            messageClass: filter.messageClass, channel: filter.channel, template: filter.template, reason: filter.reason,
            provider: filter.provider)
    }
}

extension CountDeadLetters.Answer {
    var reasonsAsJSON: JSONValue { .object(reasons.map { JSONValue.Member(name: $0.reason, value: .int($0.count)) }) }
}

extension DeadLetterRow: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .id(id), "class": .string(messageClass), "channel": .string(channel), "recipient_key": .string(recipientKey),
            "address": .string(address), "template": .string(template), "provider": .text(provider), "reason": .string(reason),
            "explanation": .string(explanation), "remedy": .string(remedy), "died_at": .time(diedAt), "attempts": .int(attempts),
            "created_at": .time(createdAt),
        ]
    }
}
