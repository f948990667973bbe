import Domain
import Postgres

/// A message with its lease, as Claim hands it to Render.
public struct ClaimedMessage: Sendable {
    public var lease: Lease
    public var classID: Int16
    public var channelID: Int16
    /// What opt-outs, consents and cancellations know it by.
    public var hashes: LockHashes
    public var producer: String
    /// nil: the body is missing; an error seen, not a message lost. `messageClass` and `channel` are filled in from the policy.
    public var message: Message?
}
