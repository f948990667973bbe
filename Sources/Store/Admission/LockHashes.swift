import Postgres

/// What opt-outs, consents and cancellations know a message by: in place, because there is one for every message.
public struct LockHashes: Sendable {
    public var address: Int32
    public var message: Int32
    public var recipient: Int32
    public var group: Int32?

    public init(address: Int32, message: Int32, recipient: Int32, group: Int32? = nil) {
        self.address = address
        self.message = message
        self.recipient = recipient
        self.group = group
    }

    /// As `martlet_data.bucket`.
    public static func bucket(_ hash: Int32) -> Int32 { hash & 255 }

    public func insertBuckets(into set: inout Set<Int32>) {
        set.insert(Self.bucket(address))
        set.insert(Self.bucket(message))
        set.insert(Self.bucket(recipient))
        if let group { set.insert(Self.bucket(group)) }
    }
}
