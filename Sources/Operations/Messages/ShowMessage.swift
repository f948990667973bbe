import Domain
import Store
import Text

/// One message: its state, and everything that happened to it. Addresses are masked for all but admins; what people did, and where links
/// lead, admins alone see.
public struct ShowMessage: UseCase {
    public static let role = Role.reader

    public struct Output: Sendable, JSONConvertible {
        public var message: MessageOverview
        public var timeline: Timeline
        public var cost: MessageCost
        /// JSON; only when they were asked for.
        public var variables: String?
        /// Where the tracked links lead.
        public var targets: [String]
        /// What an admin can do about it.
        public var advice: Advice?
        public var now: Timestamp

        public var json: JSONValue {
            message.json.adding("variables", .raw(variables)).adding("cost", cost.json)
                .adding("links", .list(targets) { .string($0) }).adding("timeline", timeline.json)
                .adding("advice", .text(advice?.text)).adding("next", .text(advice?.command))
        }
    }

    public var id: MessageID
    /// Shows the variables too: what the recipient reads, so for admins alone.
    public var withVariables: Bool
    public init(id: MessageID, withVariables: Bool) {
        self.id = id
        self.withVariables = withVariables
    }

    public func perform(in context: OperationContext) async throws -> Output {
        if withVariables { try context.actor.check(.admin) }
        guard let message = try await context.run(LoadMessageOverview(id: id)) else {
            let cluster = try await context.run(LoadCluster())
            let owner = cluster.cluster(of: id)
            throw OperationError(
                .notFound, "There is no message \(id).",
                hint: owner == cluster.number || owner == 0
                    ? "Its partition may have been dropped after the retention time; `martlet message find` lists what is there."
                    : "Cluster \(owner) gave this id, and this is cluster \(cluster.number): ask that one.")
        }
        let isAdmin = context.actor.isAdmin
        let isDead = isAdmin && message.state == "dead"
        var deadLetter: DeadLetterRow?
        if isDead, let letter = try await context.run(LoadDeadLetter(id: id)) {
            deadLetter = letter.row
            if letter.isErased { deadLetter?.remedy = Advice.erased }
        }
        let receipts = try await context.run(LoadReceipts(id: id))
        let attempts = try await context.run(LoadAttempts(id: id))
        let audit = isAdmin ? try await context.run(LoadAudit(object: id.description)) : []
        let links = isAdmin ? try await context.run(LoadTargets(id: id)) : nil
        return Output(
            message: message, timeline: Timeline(message, receipts: receipts, attempts: attempts, audit: audit),
            cost: MessageCost(attempts, receipts), variables: withVariables ? try await context.run(LoadVariables(id: id)) : nil,
            targets: links?.targets ?? [], advice: Advice.next(message, deadLetter: deadLetter, isAdmin: isAdmin),
            now: try await context.now())
    }
}

extension MessageOverview: JSONConvertible {
    public var json: JSONValue {
        [
            "id": .id(id), "state": .string(state), "reason": .text(reason), "until": .time(until),
            "class": .string(messageClass), "channel": .string(channel), "template": .string(template),
            "recipient_key": .string(recipientKey), "address": .string(address), "group_key": .text(groupKey),
            "producer": .string(producer), "created_at": .time(createdAt), "expires_at": .time(expiresAt),
            "ended_at": .time(endedAt),
        ]
    }
}
