/// What a provider says without being asked, or too late to be the answer of a submission.
public enum ProviderEvent: Sendable, Equatable, Codable {
    /// A delivery receipt.
    case receipt(CarrierReceipt)
    /// A text that somebody sent to us.
    case text(InboundText)
    /// Evidence about a hand-over whose result was given already.
    case response(LateResponse)
    /// What a mail server says about a message long after it took it.
    case bounce(BounceReport)
    case complaint(Complaint)

    /// Name of the provider in the policy.
    public var provider: String {
        switch self {
        case .receipt(let receipt): receipt.provider
        case .text(let text): text.provider
        case .response(let response): response.provider
        case .bounce(let bounce): bounce.provider
        case .complaint(let complaint): complaint.provider
        }
    }
}

/// Where the events of providers go: the one seam for all protocols.
///
/// A transport tells the carrier that an event was taken (deliver_sm_resp, a report put away) only after `record` has returned: what is
/// not durable then must throw, and the carrier keeps it and tries again. So events come more than once, in any order, and before the
/// result of their submission (S17, S19). An event that cannot be matched is no reason to throw, or it comes for ever: it must be kept.
public protocol ProviderEventSink: Sendable {
    /// Returns when all of them are durable, or throws, in bounded time: a drain waits for it. They come in batches of up to 500; one
    /// call per provider and worker at a time.
    func record(_ events: [ProviderEvent]) async throws
}

/// Refuses everything, so that carriers keep it: for programs that only submit.
public struct RefusingEventSink: ProviderEventSink {
    public struct Refused: Error, CustomStringConvertible {
        package init() {}
        public var description: String { "this program does not take the events of providers" }
    }
    public init() {}
    public func record(_ events: [ProviderEvent]) async throws { throw Refused() }
}
