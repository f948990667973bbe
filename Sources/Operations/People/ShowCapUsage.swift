import Domain
import Settings
import Store
import Text

/// How much of every cap a recipient has used, and when the next place is free. Counts as the workers do, by the policy in force.
public struct ShowCapUsage: UseCase {
    public static let role = Role.admin

    public struct Cap: Sendable {
        public var rule: CapRule
        public var used: Int
        /// Places of messages that wait.
        public var reserved: Int
        public var limit: Int
        /// nil: now, or never.
        public var freeAt: Timestamp?
        public var never: Bool
        public var isFree: Bool { !never && freeAt == nil }
    }
    public struct Hit: Sendable {
        public var message: MessageID
        public var at: Timestamp
        public var attempt: Int
        public var messageClass: String?
        public var channel: String?
        public var isReservation: Bool
    }
    public struct Output: Sendable {
        public var recipient: String
        public var caps: [Cap]
        public var hits: [Hit]
        public var now: Timestamp
    }

    /// The recipient's key; the address when the service passes none.
    public var recipient: String
    /// nil: the plain limits.
    public var tier: String?
    /// IANA name; nil: the zone of the policy's sender.
    public var timeZone: String?
    public init(recipient: String, tier: String?, timeZone: String?) {
        self.recipient = recipient
        self.tier = tier
        self.timeZone = timeZone
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let policy = try await context.currentPolicy().policy
        let zone = timeZone ?? policy.senders[policy.defaultSender]?.timeZone ?? "UTC"
        let key = typedKey(recipient)
        let ledger = try await context.run(LoadCapUsage(recipientKey: key))
        let numbers = try await context.run(LoadNumbers())
        let windows = try await context.run(CalendarWindows(timeZone: zone))
        let now = try await context.now()
        return Output(
            recipient: recipient, caps: policy.caps.map { cap($0, ledger, numbers, windows, now) },
            hits: ledger.hits.map { hit in
                Hit(
                    message: hit.messageID, at: hit.at, attempt: Int(hit.attempt), messageClass: numbers.classes[hit.classID],
                    channel: numbers.channels[hit.channelID], isReservation: hit.isReservation)
            }, now: now)
    }

    private func cap(
        _ rule: CapRule, _ ledger: CapLedger, _ numbers: LoadNumbers.Numbers,
        _ windows: [CapRule.CalendarUnit: CapDecision.Calendar], _ now: Timestamp
    ) -> Cap {
        let limit = tier.flatMap { rule.tiers[$0] } ?? rule.limit
        let classes = Set(numbers.classes.filter { rule.classes.contains($0.value) }.keys)
        let channels = Set(numbers.channels.filter { name in rule.channels.contains { $0.rawValue == name.value } }.keys)
        let counted = CapDecision.Rule(
            name: rule.name, classIDs: classes, channelIDs: channels, window: rule.window, limit: limit, over: rule.over)
        let start: Timestamp =
            switch rule.window {
            case .rolling(let length): now - length
            case .calendar(let unit): windows[unit]?.start ?? now
            }
        let own = ledger.hits.filter {
            classes.contains($0.classID) && (channels.isEmpty || channels.contains($0.channelID))
        }
        let verdict = CapDecision.decide(
            message: MessageID(0), rules: [counted], ledger: ledger, now: now, sendWithin: .zero, calendars: windows)
        var cap = Cap(
            rule: rule, used: own.filter { !$0.isReservation && $0.at >= start }.count,
            reserved: own.filter(\.isReservation).count,
            limit: limit, freeAt: nil, never: false)
        if case .over(_, _, let freeAt) = verdict {
            cap.freeAt = freeAt
            cap.never = freeAt == nil
        }
        return cap
    }
}

extension ShowCapUsage.Output: JSONConvertible {
    public var json: JSONValue {
        [
            "recipient": .string(recipient),
            "caps": .list(caps) {
                [
                    "cap": .string($0.rule.name), "window": .string($0.rule.window.shown), "used": .int($0.used),
                    "limit": .int($0.limit), "waiting": .int($0.reserved), "over": .string($0.rule.over.rawValue),
                    "is_free": .bool($0.isFree), "frees_at": .time($0.freeAt),
                ]
            },
            "hits": .list(hits) {
                [
                    "message": .id($0.message), "at": .time($0.at), "attempt": .int($0.attempt), "class": .text($0.messageClass),
                    "channel": .text($0.channel), "planned": .bool($0.isReservation),
                ]
            },
        ]
    }
}

extension CapRule.Window {
    /// `any 30d`, `calendar month`.
    public var shown: String {
        switch self {
        case .rolling(let length): "any \(length.configured)"
        case .calendar(let unit): "calendar \(unit.rawValue)"
        }
    }
}
