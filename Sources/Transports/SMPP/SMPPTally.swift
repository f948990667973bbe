import Callbacks
import Domain

/// What became of the parts of one message, and what that makes of the message.
///
/// - All parts accepted: accepted, with all ids.
/// - No part accepted or in doubt: rejected if a part was rejected, else deferred; the recipient has nothing.
/// - Anything between, some parts at the carrier and others not, or in doubt: *unknown*. The recipient may get all of it, a fragment,
///   or nothing; to call it deferred would send accepted parts twice without asking the class, and to call it rejected or
///   accepted would lose the text silently. The class's policy for doubt decides; a resend has a new reference number, so that
///   phones do not mix its parts with those of the first.
struct SMPPTally: Sendable {
    enum Part: Sendable, Equatable {
        case unsent, sent
        case accepted(String?)
        case failed(Outcome)
    }
    private(set) var parts: [Part]
    /// Why unsent parts stay unsent, once that is decided.
    var reason: Failure?

    init(count: Int) { parts = Array(repeating: .unsent, count: count) }

    mutating func sent(_ part: Int) { parts[part] = .sent }
    /// It goes back and will be sent again: throttled, or the queue was full.
    mutating func returned(_ part: Int) { parts[part] = .unsent }

    mutating func answered(_ part: Int, _ outcome: Outcome) {
        if case .accepted(let id) = outcome { parts[part] = .accepted(id) } else { parts[part] = .failed(outcome) }
    }

    var hasBegun: Bool { parts.contains { $0 != .unsent } }
    var hasFailed: Bool { parts.contains { if case .failed = $0 { true } else { false } } }
    private var isPartTaken: Bool {
        parts.contains {
            switch $0 {
            case .accepted, .failed(.unknown): true
            default: false
            }
        }
    }

    /// The message's outcome; nil while a part is on its way or may still leave.
    var outcome: Outcome? {
        guard !parts.contains(.sent), reason != nil || hasFailed || !parts.contains(.unsent) else { return nil }
        let ids = acceptedIDs
        if ids.count == parts.count { return .accepted(reference: CarrierReference.join(ids.map(\.id))) }
        let failures = parts.compactMap { if case .failed(let outcome) = $0 { outcome } else { nil } }
        guard isPartTaken else {
            return failures.first { if case .rejected = $0 { true } else { false } }
                ?? failures.first ?? reason.map { .deferred($0) }
        }
        if parts.count == 1 { return failures.first }
        return .unknown(inPart(failures))
    }

    /// Ids of the accepted parts (counted from 0), for receipts of a message that is otherwise in doubt.
    var acceptedIDs: [(part: Int, id: String?)] {
        parts.enumerated().compactMap { if case .accepted(let id) = $1 { ($0, id) } else { nil } }
    }

    private func inPart(_ failures: [Outcome]) -> Failure {
        let words = parts.enumerated().map { index, part in
            switch part {
            case .accepted(let id): "\(index + 1) accepted\(id.map { " as \($0)" } ?? "")"
            case .failed(let outcome): "\(index + 1) \(outcome.name) (\(outcome.failure?.code ?? ""))"
            case .unsent, .sent: "\(index + 1) not sent"
            }
        }
        // Nothing is known to be there: the doubt is the connection's, not a fragment's.
        let unknownOutcome = acceptedIDs.isEmpty ? failures.first { if case .unknown = $0 { true } else { false } } : nil
        return Failure(
            code: unknownOutcome?.failure?.code ?? "sent_in_part",
            detail: "of \(parts.count) parts: " + words.joined(separator: ", "),
            blame: .provider)
    }
}
