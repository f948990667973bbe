import Postgres

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
