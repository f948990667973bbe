import Domain
import Store
import Text

/// What people wrote to our numbers, newest first, a page at a time.
public struct ShowInbound: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var texts: [ListInbound.Text]
        /// The next page has smaller numbers than this; nil: there is none.
        public var after: Int64?
        public var now: Timestamp
        public var json: JSONValue { ["texts": texts.json, "after": after.map { .string(String($0)) } ?? .null] }
    }

    /// As people type it; nil: all.
    public var sender: String?
    public var after: Int64?
    public var limit: Int
    public init(sender: String?, after: Int64? = nil, limit: Int) {
        self.sender = sender
        self.after = after
        self.limit = limit
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let texts = try await context.run(ListInbound(sender: sender.map(typedAddress), before: after ?? .max, limit: limit))
        return Output(texts: texts, after: texts.count < limit ? nil : texts.last?.id, now: try await context.now())
    }
}

extension ListInbound.Text: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .string(String(id)), "at": .time(at), "provider": .string(provider), "from": .string(sender),
            "to": .string(recipient),
            "text": .text(body), "parts": .int(parts), "parts_here": .int(partsHere),
        ]
    }
}

/// The endpoints that hear of events, as the policy in force has them, and how many events for each are dead letters.
public struct ShowWebhooks: UseCase {
    public static let role = Role.admin

    public struct Endpoint: Sendable, JSONConvertible {
        public var endpoint: WebhookEndpoint
        public var url: String?
        public var dead: Int
        public var json: JSONValue {
            [
                "name": .string(endpoint.name), "url": .text(url), "events": .list(endpoint.events) { .string($0) },
                "classes": .list(endpoint.classes) { .string($0) },
                "group_prefixes": .list(endpoint.groupPrefixes) { .string($0) },
                "dead_letters": .int(dead),
            ]
        }
    }

    public init() {}

    public func perform(in context: OperationContext) async throws -> [Endpoint] {
        guard let stored = try await context.run(LoadPolicy()) else { return [] }
        let policy = try stored.policy()
        let dead = try await context.run(DeadWebhooks())
        return policy.webhooks.sorted { $0.name < $1.name }.map {
            Endpoint(endpoint: $0, url: policy.providers[$0.provider]?.options["url"], dead: dead[$0.name] ?? 0)
        }
    }
}
