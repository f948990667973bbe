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
        return Output(count: count, rows: try await context.run(ListDeadLetters(filter: filter, limit: limit)))
    }
}

/// One dead letter: why, what to do, its history and body. The body is missing when its class erases bodies.
public struct ShowDeadLetter: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var letter: LoadDeadLetter.Letter
        public var receipts: [LoadReceipts.Receipt]
        public var now: Timestamp

        public var json: JSONValue {
            letter.row.json.adding("message", letter.isErased ? .null : .raw(letter.message))
                .adding("history", .raw(letter.history))
        }
    }

    public var id: MessageID
    public init(id: MessageID) { self.id = id }

    public func perform(in context: OperationContext) async throws -> Output {
        guard let letter = try await context.run(LoadDeadLetter(id: id)) else {
            throw OperationError(
                .notFound, "Message \(id) is not a dead letter.", hint: "`martlet message show \(id)` tells what became of it.")
        }
        return Output(letter: letter, receipts: try await context.run(LoadReceipts(id: id)), now: try await context.now())
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
