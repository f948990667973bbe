import Domain
import Postgres

/// Where a leased row lies: leased rows are inserted and deleted, never updated, so their place is their address. A place that was
/// reused after a vacuum holds another message, and every statement checks message, session and claim as well.
public struct LeasedRow: Hashable, Sendable {
    var tid: PQTID
}

/// A worker session's right to work on one message.
public struct Lease: Sendable {
    /// Part of `martlet_data.leased`.
    public var part: Int16
    public var row: LeasedRow
    public var messageID: MessageID
    public var lane: Int16
    /// Number of the last attempt; the next is one more.
    public var attempt: Int16
    /// Attempts of this series that counted against the schedule.
    public var countedAttempts: Int16
    /// Times it was sent again while in doubt.
    public var resends: Int16
    /// Workers that died while they had it.
    public var workerCrashes: Int16
    /// Above 0 a requeue overrides expiry, variables and provider.
    public var series: Int16
    public var session: Int32
    /// The worker's own number of the claim; from its memory, never from a sequence.
    public var claim: Int32
    /// Past this instant rescue takes it whatever the session's health.
    public var deadline: Timestamp

    /// A message that has made so many ends as a dead letter, before its number leaves the column's range.
    public static let mostAttempts = Int16.max - 1
    /// Number of the next attempt; the last number there is, over and over, once it is reached: none is made then.
    public var nextAttempt: Int16 { attempt < Self.mostAttempts ? attempt + 1 : .max }
}

extension PQRow {
    func timestamp(_ column: Int) throws -> Timestamp { Timestamp(microseconds: try timestamptz(column)) }
    func timestampOrNull(_ column: Int) throws -> Timestamp? {
        try timestamptzOrNull(column).map(Timestamp.init(microseconds:))
    }
    func messageID(_ column: Int) throws -> MessageID { MessageID(try int8(column)) }
}

extension PQParams {
    mutating func timestamp(_ value: Timestamp?) { timestamptz(value?.microseconds) }
    mutating func messageIDs(_ values: [MessageID]) { int8Array(values.map(\.rawValue)) }
    mutating func timestamps(_ values: [Timestamp]) { timestamptzArray(values.map(\.microseconds)) }
    mutating func rows(_ values: [LeasedRow]) { tidArray(values.map(\.tid)) }
}
