import Domain
import Postgres

/// Somebody, or some program, that followed a link or loaded the picture of a message.
public struct LinkHit: Sendable, Hashable {
    public var messageID: MessageID
    /// Place of the address in the message's list, from 1; 0: the picture.
    public var link: Int16
    /// Why it was no person, in one word; nil: it may have been one.
    public var machine: String?
    /// When it came, by the clock of this process; only how long ago matters.
    public var at: ContinuousClock.Instant

    public init(_ messageID: MessageID, link: Int16, machine: String?, at: ContinuousClock.Instant = .now) {
        self.messageID = messageID
        self.link = link
        self.machine = machine
        self.at = at
    }
}
