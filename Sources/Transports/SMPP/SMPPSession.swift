import NIOCore

/// One bind as a value: octets and times in, octets and actions out; no socket, no clock.
///
/// ```
/// new ─► binding ─► bound ─► unbinding ─► closed
///           └─ refused, timeout ──────────►┘
/// ```
/// `bound` keeps up to `window` submit_sm without answer, each under a sequence number that nothing else outstanding has. A number
/// whose answer is late stays taken, so that the answer finds its message. Whatever ends a bind leaves its outstanding messages in doubt.
///
/// `Ticket` is what the owner knows a submit_sm by.
struct SMPPSession<Ticket: Sendable>: Sendable {
    enum State: Equatable, Sendable { case new, binding, bound, unbinding, closed }
    enum Action: Sendable {
        /// Submits may leave from now on.
        case bound(peer: String)
        /// The answer to a submit, exactly one for each.
        case answered(Ticket, SMPPAnswer, submitted: ContinuousClock.Instant)
        /// A response that came after `noAnswer` was given.
        case late(Ticket, SMPPAnswer)
        /// deliver_sm or data_sm: answer it by `acknowledge`.
        case deliver(SMPPDelivery, SMPPMessage)
        /// A response to nothing that is known.
        case stray(sequence: UInt32)
        /// Flush what is written, then close.
        case close(SMPPEnd)
    }
    private struct Outstanding: Sendable {
        var ticket: Ticket
        var submitted: ContinuousClock.Instant
        var answerBy: ContinuousClock.Instant
        /// False: it certainly did not leave.
        var isWritten = true
    }

    let configuration: SMPPSessionConfiguration
    private(set) var state = State.new
    /// Octets to write; the owner takes them once per batch.
    private var output = ByteBuffer()
    /// submit_sm in `output`, and where the first of them ends.
    private var unflushed: [UInt32] = []
    private var endOfFirst = 0
    private var decoder = SMPPDecoder()
    private var outstanding: [UInt32: Outstanding] = [:]
    private var abandoned: [UInt32: Ticket] = [:]
    private var abandonedOrder = CircularBuffer<UInt32>()
    /// The number that was given out last; tests turn it back.
    var lastSequence: UInt32
    private var ownRequest: UInt32 = 0
    private var enquiry: (sequence: UInt32, sent: ContinuousClock.Instant)?
    private var lastReceived: ContinuousClock.Instant?
    /// Of the bind, or of the unbind.
    private var deadline: ContinuousClock.Instant?
    /// No outstanding answer is due before this.
    private var earliestAnswer: ContinuousClock.Instant?
    private var deliveries = 0
    private var isDraining = false

    /// `firstSequence`: 1…0x7FFFFFFF.
    init(_ configuration: SMPPSessionConfiguration, firstSequence: UInt32 = 1) {
        self.configuration = configuration
        lastSequence = firstSequence - 1
        outstanding.reserveCapacity(configuration.window)
    }

    /// Submits that may leave now.
    var free: Int {
        guard state == .bound, !isDraining, configuration.mode.canSubmit else { return 0 }
        return max(0, configuration.window - outstanding.count)
    }
    var unanswered: Int { outstanding.count }

    /// What to write; nil: nothing.
    mutating func takeOutput() -> SMPPOutput? {
        guard output.readableBytes > 0 else { return nil }
        var all = output
        let submits = unflushed
        (output, unflushed) = (ByteBuffer(), [])
        guard !submits.isEmpty, let first = all.readSlice(length: endOfFirst) else { return SMPPOutput(first: all, submits: []) }
        return SMPPOutput(first: first, rest: all.readableBytes > 0 ? all : nil, submits: submits)
    }

    /// The system did not take `first` of an output: none of its submit_sm has left whole. The connection is about to end.
    mutating func notWritten(_ submits: [UInt32]) {
        for sequence in submits { outstanding[sequence]?.isWritten = false }
    }

    // MARK: our side

    /// Sends the bind, and nothing else before its answer.
    mutating func start(now: ContinuousClock.Instant) {
        guard state == .new else { return }
        state = .binding
        ownRequest = nextSequence()
        deadline = now + configuration.bindTimeout
        write(.bind(configuration.mode, configuration.bind), sequence: ownRequest)
    }

    /// Sends a submit_sm; only while `free` > 0. `body`: from `SMPPEncoder.submitBody`.
    mutating func submit(
        _ body: ByteBuffer, ticket: Ticket, answerBy: ContinuousClock.Instant, now: ContinuousClock.Instant
    ) {
        precondition(free > 0, "the window is full, or the bind takes no submits")
        let sequence = nextSequence()
        outstanding[sequence] = Outstanding(ticket: ticket, submitted: now, answerBy: answerBy)
        earliestAnswer = min(earliestAnswer ?? answerBy, answerBy)
        SMPPEncoder.frame(.submit, sequence: sequence, body: body, into: &output)
        if unflushed.isEmpty { endOfFirst = output.readableBytes }
        unflushed.append(sequence)
    }

    /// Answers a delivery; with an error status the carrier keeps it.
    mutating func acknowledge(
        _ delivery: SMPPDelivery, _ status: SMPPStatus, now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        guard state == .bound || state == .unbinding else { return }
        deliveries -= 1
        answer(delivery, status)
        unbindIfDone(now, &actions)
    }

    /// No further submits; unbinds when everything outstanding is answered.
    mutating func drain(now: ContinuousClock.Instant, _ actions: inout [Action]) {
        isDraining = true
        switch state {
        case .new, .binding: end(.unbound, now, &actions)
        case .bound: unbindIfDone(now, &actions)
        case .unbinding, .closed: break
        }
    }

    /// The connection is gone.
    mutating func connectionClosed(_ cause: String, now: ContinuousClock.Instant, _ actions: inout [Action]) {
        // Some centres answer an unbind by closing.
        end(state == .unbinding ? .unbound : .connectionLost(cause), now, &actions)
    }

    // MARK: time

    /// When `tick` has something to do next; nil: never.
    var nextTick: ContinuousClock.Instant? {
        switch state {
        case .new, .closed: return nil
        case .binding, .unbinding: return [deadline, earliestAnswer].compactMap { $0 }.min()
        case .bound:
            let alive =
                enquiry.map { $0.sent + configuration.enquireTimeout } ?? lastReceived.map { $0 + configuration.enquireAfter }
            return [alive, earliestAnswer].compactMap { $0 }.min()
        }
    }

    mutating func tick(now: ContinuousClock.Instant, _ actions: inout [Action]) {
        if let earliestAnswer, earliestAnswer <= now { giveUp(now, &actions) }
        switch state {
        case .new, .closed: break
        case .binding:
            if let deadline, deadline <= now { end(.bindTimeout, now, &actions) }
        case .unbinding:
            if let deadline, deadline <= now { end(.unbound, now, &actions) }
        case .bound:
            if let enquiry {
                if enquiry.sent + configuration.enquireTimeout <= now { end(.silent, now, &actions) }
            } else if let lastReceived, lastReceived + configuration.enquireAfter <= now {
                let sequence = nextSequence()
                enquiry = (sequence, now)
                write(.enquireLink, sequence: sequence)
            }
        }
    }

    /// No answer in time is no failure: the number stays known.
    private mutating func giveUp(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        for (sequence, entry) in outstanding where entry.answerBy <= now {
            outstanding[sequence] = nil
            abandoned[sequence] = entry.ticket
            abandonedOrder.append(sequence)
            actions.append(.answered(entry.ticket, .noAnswer, submitted: entry.submitted))
        }
        while abandonedOrder.count > configuration.maximumAbandoned, let oldest = abandonedOrder.popFirst() {
            abandoned[oldest] = nil
        }
        earliestAnswer = outstanding.values.lazy.map(\.answerBy).min()
        unbindIfDone(now, &actions)
    }

    // MARK: the peer's side

    mutating func received(_ bytes: inout ByteBuffer, now: ContinuousClock.Instant, _ actions: inout [Action]) {
        decoder.append(&bytes)
        while state != .closed, let input = decoder.next() { handle(input, now, &actions) }
    }

    private mutating func handle(_ input: SMPPInput, _ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        // Whatever it says, it is there.
        lastReceived = now
        enquiry = nil
        switch input {
        case .pdu(let pdu): handle(pdu, now, &actions)
        case .unknownCommand(_, let sequence): write(.genericNack, sequence: sequence, .invalidCommand)
        case .malformed(.deliver, let sequence, _): write(.deliverResponse(id: ""), sequence: sequence, .invalidLength)
        case .malformed(.data, let sequence, _): write(.dataResponse(id: ""), sequence: sequence, .invalidLength)
        case .malformed(let command, let sequence, _):
            if !command.isResponse { write(.genericNack, sequence: sequence, .invalidLength) }
        case .badLength(let length, let sequence):
            write(.genericNack, sequence: sequence, .invalidLength)
            end(.badLength(length), now, &actions)
        }
    }

    private mutating func handle(_ pdu: SMPPPDU, _ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        switch pdu.body {
        case .submitResponse(let id): answered(pdu.sequence, .response(pdu.status, id: id), now, &actions)
        case .genericNack: nacked(pdu, now, &actions)
        case .bindResponse(_, let peer, _): bindAnswered(pdu, peer, now, &actions)
        case .deliver(let message): delivered(SMPPDelivery(sequence: pdu.sequence, isData: false), message, &actions)
        case .data(let message): delivered(SMPPDelivery(sequence: pdu.sequence, isData: true), message, &actions)
        case .enquireLink: write(.enquireLinkResponse, sequence: pdu.sequence)
        case .enquireLinkResponse, .outbind, .alertNotification: break
        case .unbind:
            write(.unbindResponse, sequence: pdu.sequence)
            end(state == .unbinding ? .unbound : .unboundByPeer, now, &actions)
        case .unbindResponse:
            if state == .unbinding { end(.unbound, now, &actions) }
        case .bind, .submit: write(.genericNack, sequence: pdu.sequence, .invalidCommand)
        case .deliverResponse, .dataResponse: actions.append(.stray(sequence: pdu.sequence))
        }
    }

    private mutating func bindAnswered(
        _ pdu: SMPPPDU, _ peer: String, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        guard state == .binding else { return actions.append(.stray(sequence: pdu.sequence)) }
        guard pdu.status == .ok else { return end(.refused(pdu.status), now, &actions) }
        state = .bound
        deadline = nil
        actions.append(.bound(peer: peer))
        unbindIfDone(now, &actions)
    }

    private mutating func answered(
        _ sequence: UInt32, _ answer: SMPPAnswer, _ now: ContinuousClock.Instant, _ actions: inout [Action]
    ) {
        if let entry = outstanding.removeValue(forKey: sequence) {
            actions.append(.answered(entry.ticket, answer, submitted: entry.submitted))
            if outstanding.isEmpty {
                earliestAnswer = nil
                unbindIfDone(now, &actions)
            }
        } else if let ticket = abandoned.removeValue(forKey: sequence) {
            abandonedOrder.removeAll { $0 == sequence }
            actions.append(.late(ticket, answer))
        } else {
            actions.append(.stray(sequence: sequence))
        }
    }

    /// A nack answers the request whose number it has; with any other number both sides have lost their place.
    private mutating func nacked(_ pdu: SMPPPDU, _ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        let status = pdu.status == .ok ? SMPPStatus.invalidCommand : pdu.status
        if outstanding[pdu.sequence] != nil || abandoned[pdu.sequence] != nil {
            answered(pdu.sequence, .response(status, id: nil), now, &actions)
        } else if state == .binding, pdu.sequence == ownRequest {
            end(.refused(status), now, &actions)
        } else if state == .unbinding, pdu.sequence == ownRequest {
            end(.unbound, now, &actions)
        } else if pdu.sequence != lastEnquiry {
            end(.foreignNack(pdu.sequence), now, &actions)
        }
    }

    /// Number of the last enquire_link: some centres nack it, and are there.
    private var lastEnquiry: UInt32?

    private mutating func delivered(_ delivery: SMPPDelivery, _ message: SMPPMessage, _ actions: inout [Action]) {
        guard state == .bound else {
            return answer(delivery, state == .unbinding ? .temporaryReceiverError : .wrongBindState)
        }
        guard deliveries < configuration.maximumDeliveries else { return answer(delivery, .temporaryReceiverError) }
        deliveries += 1
        actions.append(.deliver(delivery, message))
    }

    private mutating func answer(_ delivery: SMPPDelivery, _ status: SMPPStatus) {
        write(delivery.isData ? .dataResponse(id: "") : .deliverResponse(id: ""), sequence: delivery.sequence, status)
    }

    // MARK: ends

    private mutating func unbindIfDone(_ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        guard isDraining, state == .bound, outstanding.isEmpty, deliveries <= 0 else { return }
        state = .unbinding
        ownRequest = nextSequence()
        deadline = now + configuration.unbindTimeout
        write(.unbind, sequence: ownRequest)
    }

    private mutating func end(_ reason: SMPPEnd, _ now: ContinuousClock.Instant, _ actions: inout [Action]) {
        guard state != .closed else { return }
        state = .closed
        let inOrder = outstanding.sorted { ($0.value.submitted, $0.key) < ($1.value.submitted, $1.key) }
        for (_, entry) in inOrder {
            actions.append(
                .answered(entry.ticket, entry.isWritten ? .lost(reason) : .unwritten(reason), submitted: entry.submitted))
        }
        outstanding = [:]
        actions.append(.close(reason))
    }

    // MARK: octets

    private mutating func write(_ body: SMPPPDU.Body, sequence: UInt32, _ status: SMPPStatus = .ok) {
        if case .enquireLink = body { lastEnquiry = sequence }
        SMPPEncoder.write(SMPPPDU(status: status, sequence: sequence, body: body), into: &output)
    }

    /// 1…0x7FFFFFFF, round and round, without those that still wait for their answer.
    private mutating func nextSequence() -> UInt32 {
        repeat {
            lastSequence = lastSequence >= 0x7FFF_FFFF ? 1 : lastSequence + 1
        } while outstanding[lastSequence] != nil || abandoned[lastSequence] != nil || lastSequence == enquiry?.sequence
        return lastSequence
    }
}

/// A deliver_sm or data_sm of the peer that waits for its answer.
struct SMPPDelivery: Sendable, Hashable {
    var sequence: UInt32
    var isData: Bool
}
