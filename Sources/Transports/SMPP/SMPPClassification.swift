import Domain

/// What a status means for the message, and who has to do something. Policies can say otherwise for their carrier.
enum SMPPStatusClass: String, Sendable, CaseIterable {
    /// Another try at the same carrier may succeed.
    case retry
    /// Another carrier may succeed; until routes know alternatives, a retry like the other.
    case other
    /// Slower: the account pauses, and the message keeps its attempt.
    case throttled
    /// A few tries, then back of the line.
    case queueFull = "queue_full"
    case recipient
    /// The number does not exist: it goes to the suppressions.
    case gone
    case sender
    case content
    /// The account or its options: no message is at fault, all have to wait.
    case configuration
    /// We sent something that the carrier cannot read.
    case malformed
}

/// A status with its name and class.
struct SMPPClassification: Sendable {
    let status: SMPPStatus
    let statusClass: SMPPStatusClass

    init(_ status: SMPPStatus, _ overrides: [SMPPStatus: SMPPStatusClass] = [:]) {
        self.status = status
        // What carriers invented themselves is worth another try; the attempts of the class bound it.
        statusClass = overrides[status] ?? Self.known[status.rawValue]?.statusClass ?? .retry
    }

    var outcome: Outcome {
        switch statusClass {
        case .retry, .other, .queueFull: .deferred(failure(.provider))
        case .throttled: .deferred(failure(.provider, burns: false, throttled: true))
        case .configuration: .deferred(failure(.provider, burns: false))
        case .recipient: .rejected(failure(.recipient))
        case .gone: .rejected(failure(.recipient, suppresses: true))
        case .sender: .rejected(failure(.sender))
        case .content: .rejected(failure(.content))
        case .malformed: .rejected(failure(.martlet))
        }
    }

    private func failure(
        _ blame: Failure.Blame, burns: Bool = true, throttled: Bool = false, suppresses: Bool = false
    ) -> Failure {
        Failure(
            code: "smpp_\(status)", detail: detail, blame: blame, countsAttempt: burns, throttled: throttled,
            suppressesAddress: suppresses)
    }

    var detail: String {
        Self.known[status.rawValue].map { "\($0.name): \($0.words)" } ?? "status \(status), one of the carrier's own"
    }

    /// SMPP 3.4, 5.1.3. 0x0B is "invalid", not "gone": carriers use it for unreachable networks, too.
    private static let known: [UInt32: (name: String, words: String, statusClass: SMPPStatusClass)] = [
        0x01: ("ESME_RINVMSGLEN", "the message's length is invalid", .content),
        0x02: ("ESME_RINVCMDLEN", "the command's length is invalid", .malformed),
        0x03: ("ESME_RINVCMDID", "the command is not known", .malformed),
        0x04: ("ESME_RINVBNDSTS", "not allowed on this bind", .retry),
        0x05: ("ESME_RALYBND", "already bound", .retry),
        0x06: ("ESME_RINVPRTFLG", "the priority is invalid", .malformed),
        0x07: ("ESME_RINVREGDLVFLG", "registered_delivery is invalid", .configuration),
        0x08: ("ESME_RSYSERR", "the carrier has a system error", .retry),
        0x0A: ("ESME_RINVSRCADR", "the source address is invalid", .sender),
        0x0B: ("ESME_RINVDSTADR", "the destination address is invalid", .recipient),
        0x0C: ("ESME_RINVMSGID", "the message id is invalid", .malformed),
        0x0D: ("ESME_RBINDFAIL", "the bind failed", .configuration),
        0x0E: ("ESME_RINVPASWD", "the password is wrong", .configuration),
        0x0F: ("ESME_RINVSYSID", "the system_id is not known", .configuration),
        0x14: ("ESME_RMSGQFUL", "the message queue is full", .queueFull),
        0x15: ("ESME_RINVSERTYP", "the service_type is invalid", .configuration),
        0x33: ("ESME_RINVNUMDESTS", "the number of destinations is invalid", .malformed),
        0x40: ("ESME_RINVDESTFLAG", "the destination flag is invalid", .malformed),
        0x42: ("ESME_RINVSUBREP", "submit with replace is invalid", .malformed),
        0x43: ("ESME_RINVESMCLASS", "the esm_class is invalid", .malformed),
        0x44: ("ESME_RCNTSUBDL", "cannot submit to this list", .recipient),
        0x45: ("ESME_RSUBMITFAIL", "the submit failed", .retry),
        0x48: ("ESME_RINVSRCTON", "the source's type of number is invalid", .sender),
        0x49: ("ESME_RINVSRCNPI", "the source's numbering plan is invalid", .sender),
        0x50: ("ESME_RINVDSTTON", "the destination's type of number is invalid", .recipient),
        0x51: ("ESME_RINVDSTNPI", "the destination's numbering plan is invalid", .recipient),
        0x53: ("ESME_RINVSYSTYP", "the system_type is invalid", .configuration),
        0x54: ("ESME_RINVREPFLAG", "replace_if_present is invalid", .malformed),
        0x58: ("ESME_RTHROTTLED", "more messages than the account may send", .throttled),
        0x61: ("ESME_RINVSCHED", "the schedule time is invalid", .malformed),
        0x62: ("ESME_RINVEXPIRY", "the validity period is invalid", .malformed),
        0x63: ("ESME_RINVDFTMSGID", "the predefined message is not known", .malformed),
        0x64: ("ESME_RX_T_APPN", "a temporary error of the receiver", .retry),
        0x65: ("ESME_RX_P_APPN", "a permanent error of the receiver", .other),
        0x66: ("ESME_RX_R_APPN", "the receiver refused it", .other),
        0xC0: ("ESME_RINVOPTPARSTREAM", "the optional parameters cannot be read", .malformed),
        0xC1: ("ESME_ROPTPARNOTALLWD", "an optional parameter is not allowed", .malformed),
        0xC2: ("ESME_RINVPARLEN", "a parameter's length is invalid", .malformed),
        0xC3: ("ESME_RMISSINGOPTPARAM", "an optional parameter is missing", .malformed),
        0xC4: ("ESME_RINVOPTPARAMVAL", "an optional parameter's value is invalid", .malformed),
        0xFE: ("ESME_RDELIVERYFAILURE", "delivery failed", .retry),
        0xFF: ("ESME_RUNKNOWNERR", "the carrier does not say why", .retry),
    ]

    /// `0x0b=gone 1035=throttled`; blanks or commas between; the first entry that cannot be read is thrown.
    static func overrides(_ text: String) throws(SMPPOverrideError) -> [SMPPStatus: SMPPStatusClass] {
        var overrides: [SMPPStatus: SMPPStatusClass] = [:]
        for entry in text.split(whereSeparator: { $0 == "," || $0 == ";" || $0.isWhitespace }) {
            let sides = entry.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, let statusClass = SMPPStatusClass(rawValue: String(sides[1])),
                let number = sides[0].hasPrefix("0x") ? UInt32(sides[0].dropFirst(2), radix: 16) : UInt32(sides[0]), number > 0
            else { throw SMPPOverrideError(entry: String(entry)) }
            overrides[SMPPStatus(number)] = statusClass
        }
        return overrides
    }
}

struct SMPPOverrideError: Error { var entry: String }
