import Domain
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

/// One thing that an opt-out, a consent or a cancellation which is under way concerns, as the two numbers of its advisory lock; made here as in
/// `Migrations/objects/martlet_data/opt_out_place.sql` and `hold_from_admit.sql`.
public struct OptOutKey: Hashable, Sendable {
    public var place: Int32
    public var hash: Int32

    private static func scoped(_ base: Int32, channelID: Int16, scope: Int32) -> Int32 {
        base + Int32(channelID) * 10_000 + scope
    }
    /// Suppression of an address on a channel. Scope 0: all, 1: all_except_otp, 2 + n: the class with the number n.
    public static func address(_ hash: Int32, channelID: Int16, scope: Int32) -> Self {
        Self(place: scoped(1_000_000_000, channelID: channelID, scope: scope), hash: hash)
    }
    /// Consent of a person on a channel to a class; nil: to any.
    public static func consent(_ hash: Int32, channelID: Int16, classID: Int16?) -> Self {
        Self(place: scoped(1_400_000_000, channelID: channelID, scope: classID.map { 2 + Int32($0) } ?? 0), hash: hash)
    }
    public static func message(_ hash: Int32) -> Self { Self(place: 7_340_010, hash: hash) }
    public static func group(_ hash: Int32) -> Self { Self(place: 7_340_011, hash: hash) }
    /// Of a transaction with very many: one of 1024, whatever it concerns.
    public static func wide(_ hash: Int32) -> Self { Self(place: 7_340_012, hash: hash & 1023) }
}

/// What is being opted out of, consented to or cancelled at this moment in transactions that have not ended; nearly always nothing. Read in a
/// statement after `AdmitLock`: what begins later waits for this Admit before it says anything.
public struct OpenOptOuts: Statement {
    public init() {}
    public var sql: String { "select martlet_data.open_opt_outs()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Set<OptOutKey> {
        let keys = try rows.only.int8Array(0)
        return keys.isEmpty
            ? []
            : Set(keys.map { OptOutKey(place: Int32(truncatingIfNeeded: $0 >> 32), hash: Int32(truncatingIfNeeded: $0)) })
    }
}

/// Holds these keys until the transaction ends, as far as nobody opts out of them; answers those that are being opted out of. For messages of
/// a bucket that an opt-out has just locked.
public struct HoldOptOuts: Statement {
    public var keys: [OptOutKey]
    public init(keys: [OptOutKey]) { self.keys = keys }
    public var sql: String {
        """
        select place, hash from unnest($1::int4[], $2::int4[]) k(place, hash) where not pg_try_advisory_xact_lock_shared(place, hash)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4Array(keys.map(\.place))
        parameters.int4Array(keys.map(\.hash))
    }
    public static func read(_ rows: PQRows) throws -> Set<OptOutKey> {
        Set(try rows.map { OptOutKey(place: try $0.int4(0), hash: try $0.int4(1)) })
    }
}
