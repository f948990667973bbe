/// The state of a message, as `martlet.message_status` shows it.
public enum MessageState: String, Sendable, CaseIterable {
    case ready, due, leased, sending, accepted
    case delivered, undelivered, suppressed, capped, expired, cancelled, dead, discarded

    /// Nothing more happens to it by itself. `accepted` is final until a receipt comes.
    public var isFinal: Bool {
        switch self {
        case .ready, .due, .leased, .sending: false
        default: true
        }
    }

    /// The states that may follow; everything else is a fault.
    public var next: Set<MessageState> {
        switch self {
        // What a provider says of an earlier, doubtful attempt ends a message wherever it waits.
        // What was cancelled and is not on its way is shown so at once.
        case .ready: [.leased, .cancelled, .accepted, .delivered, .undelivered]
        case .due: [.ready, .cancelled, .accepted, .delivered, .undelivered]
        // Rescue and hand-back (ready, due), Admit's decisions, poison and template bugs (dead).
        case .leased:
            [.ready, .due, .sending, .suppressed, .capped, .expired, .cancelled, .dead, .accepted, .delivered, .undelivered]
        case .sending: [.ready, .due, .cancelled, .accepted, .delivered, .undelivered, .dead, .expired]
        case .accepted: [.delivered, .undelivered]
        case .undelivered: [.delivered]
        case .dead: [.ready, .discarded, .accepted, .delivered, .undelivered]
        case .delivered, .suppressed, .capped, .expired, .cancelled, .discarded: []
        }
    }
}
