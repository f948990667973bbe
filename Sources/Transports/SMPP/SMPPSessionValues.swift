import NIOCore

/// What a session needs to know about its account.
struct SMPPSessionConfiguration: Sendable {
    var mode = SMPPBindMode.transceiver
    var bind = SMPPBind()
    /// Unanswered submit_sm at once.
    var window = 10
    /// Silence after which the peer is asked whether it is there, and how long it has for the answer.
    var enquireAfter = Duration.seconds(30)
    var enquireTimeout = Duration.seconds(10)
    var bindTimeout = Duration.seconds(30)
    /// How long the peer has for its unbind_resp.
    var unbindTimeout = Duration.seconds(5)
    /// Receipts and texts that wait for being durable; those beyond it stay with the carrier.
    var maximumDeliveries = 1000
    /// Segments without an answer whose sequence numbers are remembered for one that comes late.
    var maximumAbandoned = 4096
}

/// What became of one submit_sm.
enum SMPPAnswer: Sendable, Equatable {
    /// submit_sm_resp, or a generic_nack of this sequence number.
    case response(SMPPStatus, id: String?)
    /// `answerBy` passed.
    case noAnswer
    /// The bind ended first.
    case lost(SMPPEnd)
    /// The bind ended first, and the system had not taken the whole of it: the carrier has nothing.
    case unwritten(SMPPEnd)
}

/// What a session wants written at one time.
struct SMPPOutput: Sendable {
    /// Up to the end of the first submit_sm, or everything where there is none: if the system did not take this whole, it took no whole submit_sm.
    var first: ByteBuffer
    /// nil: nothing more.
    var rest: ByteBuffer?
    /// Sequence numbers of all submit_sm in it.
    var submits: [UInt32]
}

/// Why a bind ended.
enum SMPPEnd: Sendable, Equatable, CustomStringConvertible {
    /// The bind was answered with an error.
    case refused(SMPPStatus)
    case bindTimeout
    /// enquire_link was not answered.
    case silent
    /// A frame whose length cannot be.
    case badLength(UInt32)
    /// generic_nack of a sequence number that is not outstanding: it names no request of ours.
    case foreignNack(UInt32)
    /// The peer said unbind.
    case unboundByPeer
    /// We said unbind.
    case unbound
    case connectionLost(String)

    var description: String {
        switch self {
        case .refused(let status): "the bind was refused with \(status)"
        case .bindTimeout: "the bind was not answered"
        case .silent: "enquire_link was not answered"
        case .badLength(let length): "a frame of \(length) octets came"
        case .foreignNack(let sequence): "generic_nack came for sequence number \(sequence), which is not outstanding"
        case .unboundByPeer: "the carrier unbound"
        case .unbound: "unbound"
        case .connectionLost(let cause): cause.isEmpty ? "the carrier closed the connection" : cause
        }
    }

    /// Stable, for filters and counters.
    var code: String {
        switch self {
        case .refused(let status): "smpp_bind_\(status)"
        case .bindTimeout: "bind_timeout"
        case .silent: "enquire_link_timeout"
        case .badLength: "bad_frame"
        case .foreignNack: "foreign_nack"
        case .unboundByPeer: "unbound_by_peer"
        case .unbound: "unbound"
        case .connectionLost: "connection_lost"
        }
    }
}
