import Callbacks
import Domain
import NIOCore

/// The client's side of one SMTP connection (RFC 5321) as a value: events in, actions out, no socket, no clock.
///
/// ```
/// greeting ─► hello ─► (startTLS ─► handshake ─► hello) ─► (authentication) ─► idle ◄──────────┐
///                                                            envelope ◄─────────┘               │
///                                                            ├ refused ─► resetting ───────────►┤
///                                                            └ 354 ─► content ─► final ────────►┘
/// ```
/// One recipient per transaction. With PIPELINING (RFC 2920) MAIL, RCPT and DATA leave together, and right behind the content of the
/// transaction before (`follow`). A message is in doubt only between the final dot and its reply: a follower has no content there yet.
struct SMTPSession: Sendable {
    let configuration: SMTPSessionConfiguration
    private(set) var state = State.greeting
    private(set) var capabilities = SMTPCapabilities()
    private(set) var isSecured: Bool
    /// Transactions that were answered.
    private(set) var completed = 0

    private var parser = SMTPReplyParser()
    private var authentication: SMTPAuthentication?
    private var isAuthenticated = false
    private var transaction: SMTPTransaction?
    private var awaited: [Step] = []
    private var unsent: [Step] = []
    private var refusal: (outcome: Outcome, isConfiguration: Bool)?
    private var sawReply = false
    private var following: SMTPTransaction?
    /// A follower was withdrawn whose DATA cannot be unsaid.
    private var endsAfterThis = false

    init(_ configuration: SMTPSessionConfiguration) {
        self.configuration = configuration
        isSecured = configuration.tls == .implicit
    }

    /// How long the server may take for what it is doing (RFC 5321, 4.5.3.2); nil: it need not do anything.
    var patience: Duration? {
        switch state {
        case .idle, .closed: nil
        case .quitting: .seconds(5)
        case .content: .seconds(180)
        case .final: .seconds(600)
        case .envelope where awaited.first == .data: .seconds(120)
        default: .seconds(300)
        }
    }

    // MARK: events

    mutating func received(_ bytes: some Sequence<UInt8>) { parser.append(bytes) }

    /// What to do about the next complete reply; nil: there is none. Call until nil after `received`.
    mutating func step() -> [Action]? {
        guard state != .closed, state != .handshake else { return nil }
        do {
            guard let reply = try parser.next() else { return nil }
            return handle(reply)
        } catch {
            return broken("malformed_reply", "the server's reply is not SMTP (\(error))")
        }
    }

    mutating func tlsEstablished() -> [Action] {
        guard state == .handshake else { return [] }
        guard !parser.hasBytes else { return failed(.injected) }
        isSecured = true
        // RFC 3207, 4.2: everything learnt in the clear is forgotten.
        capabilities = SMTPCapabilities()
        return hello()
    }

    /// Starts a transaction; only in `idle`.
    mutating func begin(_ next: SMTPTransaction) -> [Action] {
        precondition(state == .idle, "a transaction needs an idle session")
        if let failure = refusal(of: next) {
            completed += 1
            return [.finish(.rejected(failure), isConfiguration: false), .ready]
        }
        start(next)
        (awaited, unsent) = pipelines ? (Step.allCases, []) : ([.mail], [.recipient, .data])
        return [.write(lines(awaited, next))]
    }

    /// What this server would say to it, known beforehand; nil: it may be tried.
    func refusal(of next: SMTPTransaction) -> Failure? {
        if let limit = capabilities.sizeLimit, next.size > limit {
            return Failure(
                code: "message_too_big", detail: "the message has \(next.size) octets, the server takes \(limit)", blame: .content
            )
        }
        if next.isUTF8, !capabilities.smtpUTF8 {
            return Failure(
                code: "smtputf8_unsupported",
                detail: "an address has letters outside ASCII before the @; the server takes ASCII only",
                blame: next.to.utf8.allSatisfy { $0 < 0x80 } ? .sender : .recipient)
        }
        return nil
    }

    private var pipelines: Bool { capabilities.pipelining && configuration.pipelining != .off }

    private mutating func start(_ next: SMTPTransaction) {
        transaction = next
        refusal = nil
        sawReply = false
        state = .envelope
    }

    private func lines(_ steps: [Step], _ next: SMTPTransaction) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: 256)
        for step in steps { next.write(step, capabilities, configuration.notifications, to: &buffer) }
        return buffer
    }

    /// The next transaction may be written right behind the content that is about to be written (RFC 2920, 3.1).
    var mayFollow: Bool {
        state == .content && following == nil && !endsAfterThis && pipelines && configuration.pipelining == .full
    }

    /// Its envelope. What the server says to it comes after the answer to the content.
    mutating func follow(_ next: SMTPTransaction) -> ByteBuffer {
        precondition(mayFollow, "a follower stands behind content")
        following = next
        return lines(Step.allCases, next)
    }

    /// The follower must not leave any more. Its DATA will be accepted all the same, so the connection ends before that is answered.
    mutating func withdrawFollower() {
        guard following != nil else { return }
        following = nil
        endsAfterThis = true
    }

    /// The message must not leave any more: nothing of its content has been written, and nothing will be.
    mutating func withdraw() -> [Action] {
        guard state == .envelope || state == .content else { return [] }
        let failure = Failure(
            code: "deadline_passed", detail: "the server was too slow: the send deadline passed before the content",
            blame: .provider)
        let outcome = refusal?.outcome ?? .deferred(failure)
        return [.finish(outcome, isConfiguration: refusal?.isConfiguration ?? false)] + close()
    }

    mutating func contentWritten() { if state == .content { state = .final } }

    /// A polite end, when nothing is under way.
    mutating func quit() -> [Action] {
        guard state == .idle else { return [] }
        state = .quitting
        return [write("QUIT")]
    }

    mutating func timedOut() -> [Action] {
        let hint = state == .greeting && !isSecured ? "; a port that begins with TLS, such as 465, needs tls: implicit" : ""
        return ended(code: "timeout", "the server did not answer in time\(hint)", burns: true)
    }

    /// `cause` is why, where something is known (TLS, the system's error).
    mutating func connectionClosed(_ cause: Failure?) -> [Action] {
        let failure = cause ?? Failure(code: "connection_lost", detail: "the server closed the connection", blame: .provider)
        return ended(code: failure.code, failure.detail, burns: state == .content)
    }

    // MARK: replies

    private mutating func handle(_ reply: SMTPReply) -> [Action] {
        switch state {
        case .greeting: return reply.isPositive ? hello() : refused(reply, .greeting)
        case .ehlo: return ehloAnswered(reply)
        case .helo: return reply.isPositive ? greeted() : refused(reply, .hello)
        case .startTLS: return startTLSAnswered(reply)
        case .authentication: return authenticationAnswered(reply)
        case .envelope: return envelopeAnswered(reply)
        case .content, .final: return contentAnswered(reply)
        case .emptyFinal:
            return refusal.map { finish($0.outcome, isConfiguration: $0.isConfiguration, thenReset: false) } ?? close()
        case .resetting: return reply.isPositive ? idle() : close()
        case .idle, .quitting, .handshake, .closed: return close()
        }
    }

    private mutating func hello() -> [Action] {
        state = .ehlo
        return [write("EHLO \(configuration.hostname)")]
    }

    private mutating func ehloAnswered(_ reply: SMTPReply) -> [Action] {
        if reply.isPositive {
            capabilities = SMTPCapabilities(reply)
            return greeted()
        }
        // RFC 5321, 3.2: a server that does not know EHLO gets HELO.
        guard reply.code >= 500 else { return refused(reply, .hello) }
        state = .helo
        return [write("HELO \(configuration.hostname)")]
    }

    private mutating func greeted() -> [Action] {
        if !isSecured, configuration.tls == .required || configuration.tls == .opportunistic {
            if capabilities.startTLS {
                // A 220 that came before it was asked for is somebody else's.
                guard !parser.hasBytes else { return failed(.injected) }
                state = .startTLS
                return [write("STARTTLS")]
            }
            if configuration.tls == .required { return failed(.tlsUnavailable("the server offers no STARTTLS")) }
        }
        return authenticate()
    }

    private mutating func startTLSAnswered(_ reply: SMTPReply) -> [Action] {
        guard reply.code == 220 else {
            if configuration.tls == .required { return failed(.tlsUnavailable("STARTTLS was answered with \(reply.shown)")) }
            return reply.code == 421 ? refused(reply, .hello) : authenticate()
        }
        // Bytes between the 220 and the handshake came in the clear: it is not known from whom.
        guard !parser.hasBytes else { return failed(.injected) }
        state = .handshake
        return [.startTLS]
    }

    private mutating func authenticate() -> [Action] {
        guard let credentials = configuration.credentials, !isAuthenticated else { return idle() }
        guard isSecured || configuration.authInClear else { return failed(.authenticationInClear) }
        guard let next = SMTPAuthentication(credentials, offered: capabilities.mechanisms) else {
            return failed(.authenticationUnavailable(capabilities.mechanisms, spoken: credentials.mechanisms))
        }
        authentication = next
        state = .authentication
        return [write(next.command)]
    }

    private mutating func authenticationAnswered(_ reply: SMTPReply) -> [Action] {
        if reply.code == 235 {
            isAuthenticated = true
            authentication = nil
            return idle()
        }
        if reply.code == 334, let response = authentication?.response(to: reply) { return [write(response)] }
        return refused(reply, .authentication)
    }

    private mutating func envelopeAnswered(_ reply: SMTPReply) -> [Action] {
        sawReply = sawReply || reply.code != 421
        let step = awaited.removeFirst()
        if reply.code == 421 { return lostService(reply) }
        switch (step, reply.code) {
        case (.mail, 200..<300), (.recipient, 200..<300):
            return awaited.isEmpty ? next() : []
        case (.data, 354):
            return refusal == nil ? sendContent() : discard()
        case (.mail, _), (.recipient, _), (.data, _):
            guard reply.code >= 400 else { return broken("malformed_reply", "unexpected reply \(reply.shown)") }
            if refusal == nil {
                let meaning = SMTPClassification(
                    reply, stage: step == .mail ? .mail : step == .recipient ? .recipient : .data,
                    isAboutSender: isAboutSender(reply))
                refusal = (meaning.outcome, meaning.isConfiguration)
            }
            guard awaited.isEmpty, let refusal else { return [] }
            return finish(refusal.outcome, isConfiguration: refusal.isConfiguration, thenReset: true)
        }
    }

    private func isAboutSender(_ reply: SMTPReply) -> Bool {
        guard let transaction, transaction.from.contains("@") else { return false }
        let text = reply.text.lowercased()
        return text.contains(transaction.from.lowercased()) && !text.contains(transaction.to.lowercased())
    }

    /// Stepwise, without PIPELINING.
    private mutating func next() -> [Action] {
        guard let transaction, !unsent.isEmpty else { return broken("malformed_reply", "a reply too many") }
        let step = unsent.removeFirst()
        awaited = [step]
        return [.write(lines([step], transaction))]
    }

    private mutating func sendContent() -> [Action] {
        guard let transaction else { return broken("malformed_reply", "a reply too many") }
        state = .content
        return [.writeContent(transaction.content)]
    }

    /// RFC 2920, 3.1: DATA was accepted although the recipient was not; an empty message without a recipient ends it.
    private mutating func discard() -> [Action] {
        state = .emptyFinal
        return [write(".")]
    }

    private mutating func contentAnswered(_ reply: SMTPReply) -> [Action] {
        let isComplete = state == .final
        let outcome: Outcome
        var isConfiguration = false
        // RFC 3463: x.1.y is about an address. That is the follower's 250, and the server does not answer in order.
        if following != nil, reply.isPositive, reply.enhanced?.subject == 1 {
            return broken("malformed_reply", "answers out of order (\(reply.shown)); use pipelining: envelope")
        }
        if reply.isPositive {
            outcome = .accepted(reference: reply.queueID ?? transaction?.messageID)
        } else if reply.code < 400 {
            // A 3yz has no meaning here.
            outcome = .unknown(Failure(code: "malformed_reply", detail: "unexpected reply \(reply.shown)", blame: .provider))
        } else {
            let meaning = SMTPClassification(reply, stage: .content)
            (outcome, isConfiguration) = (meaning.outcome, meaning.isConfiguration)
        }
        if isComplete, reply.code != 421, reply.code / 100 != 3 {
            return finish(outcome, isConfiguration: isConfiguration, thenReset: false)
        }
        // The server answered before it had everything: there is no way back into step.
        if reply.code != 421 { completed += 1 }
        return [.finish(outcome, isConfiguration: isConfiguration)] + close()
    }

    private mutating func lostService(_ reply: SMTPReply) -> [Action] {
        if let refusal { return [.finish(refusal.outcome, isConfiguration: refusal.isConfiguration)] + close() }
        let outcome = SMTPClassification(reply, stage: .mail).outcome
        if completed > 0, !sawReply, let failure = outcome.failure { return [.notBegun(failure)] + close() }
        return [.finish(outcome, isConfiguration: false)] + close()
    }

    // MARK: ends

    private mutating func finish(_ outcome: Outcome, isConfiguration: Bool, thenReset: Bool) -> [Action] {
        completed += 1
        transaction = nil
        let end = Action.finish(outcome, isConfiguration: isConfiguration)
        if thenReset {
            state = .resetting
            return [end, write("RSET")]
        }
        if endsAfterThis { return [end] + close() }
        guard let next = following else { return [end] + idle() }
        following = nil
        start(next)
        (awaited, unsent) = (Step.allCases, [])
        return [end, .followed]
    }

    private mutating func idle() -> [Action] {
        // Bytes that answer no command would be read as answers to the next transaction.
        guard !parser.hasBytes else { return close() }
        state = .idle
        return [.ready]
    }

    private mutating func close() -> [Action] {
        state = .closed
        guard following != nil else { return [.close] }
        following = nil
        let failure = Failure(
            code: "connection_lost", detail: "the connection ended before this message's turn", blame: .provider,
            countsAttempt: false)
        return [.followerNotBegun(failure), .close]
    }

    private mutating func failed(_ failure: SetupFailure) -> [Action] { [.fail(failure)] + close() }

    private mutating func refused(_ reply: SMTPReply, _ stage: SMTPClassification.Stage) -> [Action] {
        failed(.refused(reply, stage, hiding: configuration.credentials))
    }

    private mutating func broken(_ code: String, _ detail: String) -> [Action] { ended(code: code, detail, burns: true) }

    /// The connection is gone or useless: what that means depends on how far the transaction was.
    private mutating func ended(code: String, _ detail: String, burns: Bool) -> [Action] {
        var failure = Failure(code: code, detail: detail, blame: .provider, countsAttempt: burns)
        switch state {
        case .closed: return []
        case .idle, .resetting, .quitting: return close()
        case .greeting, .ehlo, .helo, .startTLS, .handshake, .authentication:
            failure.countsAttempt = false
            return failed(SetupFailure(failure: failure, isConfiguration: false))
        case .envelope, .emptyFinal:
            if let refusal { return [.finish(refusal.outcome, isConfiguration: refusal.isConfiguration)] + close() }
            if completed > 0, !sawReply, code == "connection_lost" { return [.notBegun(failure)] + close() }
            return [.finish(.deferred(failure), isConfiguration: false)] + close()
        case .content: return [.finish(.deferred(failure), isConfiguration: false)] + close()
        case .final:
            failure.countsAttempt = true
            failure.detail = "after the final dot: \(detail)"
            return [.finish(.unknown(failure), isConfiguration: false)] + close()
        }
    }

    private func write(_ line: String) -> Action { .write(ByteBuffer(string: line + "\r\n")) }
}
