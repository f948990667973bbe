/// The number of a message: time-ordered, unique in a cluster. A string in JSON, because it passes 2^53.
public struct MessageID: RawRepresentable, Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public var rawValue: Int64
    public init(rawValue: Int64) { self.rawValue = rawValue }
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }

    /// When it was given, in whole milliseconds: bits 22 and above count them from 2025-01-01T00:00:00Z on.
    public var givenAt: Timestamp { Timestamp(microseconds: (rawValue >> 22 + 1_735_689_600_000) * 1000) }
}

/// The number of a cluster, and the ids that carry it: 6 bits below the milliseconds, above 16 bits of a sequence.
public struct ClusterNumber: Sendable, Equatable {
    /// Of the cluster that this database is, 0 … 63.
    public var number: Int
    /// The first id that could carry a number; lower ids have other bits there. nil: none carries one.
    public var since: MessageID?

    public init(number: Int, since: MessageID?) {
        self.number = number
        self.since = since
    }

    /// The number of the cluster that gave this id; 0 for ids from before clusters had numbers.
    public func cluster(of id: MessageID) -> Int {
        guard let since, id >= since else { return 0 }
        return Int(id.rawValue >> 16 & 63)
    }
}

/// The way a message travels: `sms`, `email`, or the name of an HTTP channel that the policy defines.
public struct Channel: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
    public static let sms = Channel(rawValue: "sms")
    public static let email = Channel(rawValue: "email")
    public var description: String { rawValue }
}

/// One thing to say to one recipient over one channel, as `martlet.enqueue` stored it. Written once, never updated.
public struct Message: Sendable, Equatable {
    public var id: MessageID
    /// Name of its class in the policy.
    public var messageClass: String
    public var channel: Channel
    /// The person: caps and consent count by this. The key of what was enqueued (`martlet_data.person_key`): one for all spellings of an address.
    public var recipientKey: String
    /// Where it goes: E.164 for SMS, a mailbox for e-mail.
    public var address: String
    /// What suppressions are compared by: one for all spellings of the address (`martlet_data.address_key`).
    public var addressKey: String
    public var template: String
    public var locale: String?
    /// Key into the policy's senders; nil: the class's or the policy's default.
    public var sender: String?
    /// IANA zone, checked at enqueue; nil: the sender's.
    public var timeZone: String?
    public var tier: String?
    public var groupKey: String?
    /// A JSON object as text, at most 64 KiB; decoded once, in Render.
    public var variables: String
    /// A JSON object as text or nil: extra headers for channels that have them.
    public var headers: String?
    public var traceparent: String?
    public var createdAt: Timestamp
    public var expiresAt: Timestamp

    public init(
        id: MessageID, messageClass: String, channel: Channel, recipientKey: String, address: String,
        template: String, locale: String? = nil, sender: String? = nil, timeZone: String? = nil,
        tier: String? = nil, groupKey: String? = nil, variables: String = "{}", headers: String? = nil,
        traceparent: String? = nil, createdAt: Timestamp, expiresAt: Timestamp,
        addressKey: String? = nil
    ) {
        self.id = id
        self.messageClass = messageClass
        self.channel = channel
        self.recipientKey = recipientKey
        self.address = address
        self.addressKey = addressKey ?? address
        self.template = template
        self.locale = locale
        self.sender = sender
        self.timeZone = timeZone
        self.tier = tier
        self.groupKey = groupKey
        self.variables = variables
        self.headers = headers
        self.traceparent = traceparent
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}

extension Message {
    /// The run of a campaign that it belongs to: such a message has the group key `run:<number>`.
    public var run: Int32? {
        guard let groupKey, groupKey.hasPrefix("run:") else { return nil }
        return Int32(groupKey.dropFirst(4))
    }
    /// The journey that it belongs to: such a message has the group key `journey:<number>`.
    public var journey: Int32? {
        guard let groupKey, groupKey.hasPrefix("journey:") else { return nil }
        return Int32(groupKey.dropFirst(8)).flatMap { $0 > 0 ? $0 : nil }
    }
}
