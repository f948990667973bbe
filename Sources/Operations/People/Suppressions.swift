import Domain
import Store
import Text

/// Suppressions, newest first.
public struct ShowSuppressions: UseCase {
    public static let role = Role.admin
    /// An address as people type it; nil: all.
    public var recipient: String?
    /// nil: all.
    public var channel: String?
    public var includesLifted: Bool
    public var limit: Int
    public init(recipient: String?, channel: String?, includesLifted: Bool, limit: Int) {
        self.recipient = recipient
        self.channel = channel
        self.includesLifted = includesLifted
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> [ListSuppressions.Suppression] {
        try await context.run(
            ListSuppressions(
                address: recipient.map(typedAddress), channel: channel, includesLifted: includesLifted, limit: limit))
    }
}

/// From now on nothing of the scope is sent to an address, queued messages included. Who did it stays with the suppression.
public struct AddSuppression: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var id: Int64
        public var channel: String
        public var scope: String
        public var json: JSONValue { ["id": .string(String(id)), "channel": .string(channel), "scope": .string(scope)] }
    }

    public var recipient: String
    /// nil: email for mailboxes, sms for numbers.
    public var channel: String?
    /// A class, `all_except_otp`, or `all`.
    public var scope: String
    public var reason: String
    public init(recipient: String, channel: String?, scope: String, reason: String) {
        self.recipient = recipient
        self.channel = channel
        self.scope = scope
        self.reason = reason
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let channel = channel ?? channelOf(recipient)
        let id = try await context.run(Suppress(channel: channel, address: recipient, scope: scope, reason: reason))
        return Output(id: id, channel: channel, scope: scope)
    }
}

/// Lifts the suppressions of an address; PostgreSQL writes the audit.
public struct RemoveSuppression: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var lifted: Int
        public var json: JSONValue { ["lifted": .int(lifted)] }
    }

    public var recipient: String
    /// nil: email for mailboxes, sms for numbers.
    public var channel: String?
    /// nil: every scope.
    public var scope: String?
    public var why: String
    public init(recipient: String, channel: String?, scope: String?, why: String) {
        self.recipient = recipient
        self.channel = channel
        self.scope = scope
        self.why = why
    }

    /// The channel that is meant.
    public var chosenChannel: String { channel ?? channelOf(recipient) }

    public func perform(in context: OperationContext) async throws -> Output {
        let statement = Unsuppress(channel: chosenChannel, address: recipient, why: why, scope: scope)
        return Output(lifted: Int(try await context.run(statement)))
    }
}

extension ListSuppressions.Suppression: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .string(String(id)), "channel": .string(channel), "address": .string(address), "scope": .string(scope),
            "reason": .string(reason), "created_at": .time(createdAt), "created_by": .string(createdBy),
            "lifted_at": .time(liftedAt), "lifted_by": .text(liftedBy), "lift_reason": .text(liftReason),
        ]
    }
}
