import Domain
import Store
import Text

/// The messages of one recipient, newest first: by the recipient's key or, going back so far, by address.
public struct SearchMessages: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(60)

    public struct Output: Sendable, JSONConvertible {
        public var messages: [MessageOverview]
        public var now: Timestamp
        public var json: JSONValue { messages.json }
    }

    public var recipient: String
    public var channel: String?
    /// nil: compares keys.
    public var addressWithin: Duration?
    public var limit: Int
    public init(recipient: String, channel: String?, addressWithin: Duration?, limit: Int) {
        self.recipient = recipient
        self.channel = channel
        self.addressWithin = addressWithin
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let now = try await context.now()
        let typed = typedAddress(recipient)
        let since = addressWithin.map { now - $0 }
        func find(_ recipient: String) async throws -> [MessageOverview] {
            try await context.run(
                FindMessages(recipient: recipient, channel: channel, addressSince: since, limit: limit))
        }
        var found = try await find(since == nil ? recipient : typed)
        if found.isEmpty, since == nil, typed != recipient { found = try await find(typed) }
        if found.isEmpty { try await context.checkFilters(channel: channel) }
        return Output(messages: found, now: now)
    }
}
