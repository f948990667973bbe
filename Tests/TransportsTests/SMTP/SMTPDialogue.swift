import Domain
import NIOCore

@testable import Transports

/// Plays a server: each answer is given to the session, and what the session did is written down in short.
struct Dialogue {
    var session: SMTPSession
    var log: [String] = []
    var outcomes: [Outcome] = []

    init(
        tls: SMTPTLSMode = .off, credentials: SMTPCredentials? = nil, authInClear: Bool = false, notify: SMTPNotifications? = nil,
        pipelining: SMTPPipelining = .full
    ) {
        session = SMTPSession(
            SMTPSessionConfiguration(
                hostname: "client.test", tls: tls, credentials: credentials, authInClear: authInClear, notifications: notify,
                pipelining: pipelining))
    }

    mutating func server(_ bytes: String, pieces: Int = .max) {
        var rest = Array(bytes.utf8)[...]
        while !rest.isEmpty {
            session.received(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            while let actions = session.step() { note(actions) }
        }
    }

    mutating func note(_ actions: [SMTPSession.Action]) {
        for action in actions {
            switch action {
            case .write(let bytes): log += String(buffer: bytes).split(separator: "\r\n").map { "> \($0)" }
            case .writeContent(let bytes): log.append("content \(bytes.readableBytes)")
            case .startTLS: log.append("startTLS")
            case .ready: log.append("ready")
            case .finish(let outcome, let isConfiguration):
                outcomes.append(outcome)
                log.append("finish \(outcome.name) \(outcome.failure?.code ?? "")\(isConfiguration ? " configuration" : "")")
            case .followed: log.append("followed")
            case .followerNotBegun(let failure): log.append("follower not begun \(failure.code)")
            case .notBegun(let failure): log.append("not begun \(failure.code)")
            case .fail(let failure): log.append("fail \(failure.failure.code)\(failure.isConfiguration ? " configuration" : "")")
            case .close: log.append("close")
            }
        }
    }

    static func transaction(
        size: Int = 10, eightBit: Bool = false, to: String = "b@y.test", utf8: Bool = false, envelope: String? = nil
    ) -> SMTPTransaction {
        SMTPTransaction(
            from: "a@x.test", to: to, content: ByteBuffer(string: "x\r\n.\r\n"), size: size, isEightBit: eightBit, isUTF8: utf8,
            messageID: "<1.martlet@x.test>", envelopeID: envelope)
    }

    mutating func begin(
        size: Int = 10, eightBit: Bool = false, to: String = "b@y.test", utf8: Bool = false, envelope: String? = nil
    ) {
        note(session.begin(Self.transaction(size: size, eightBit: eightBit, to: to, utf8: utf8, envelope: envelope)))
    }

    mutating func follow(to: String = "c@y.test") {
        log += String(buffer: session.follow(Self.transaction(to: to))).split(separator: "\r\n").map { "> \($0)" }
    }

    /// Greeting and EHLO with these capabilities, up to `ready`; forgets what was logged.
    static func ready(
        _ capabilities: String..., notify: SMTPNotifications? = nil, pipelining: SMTPPipelining = .full
    ) -> Dialogue {
        var dialogue = Dialogue(notify: notify, pipelining: pipelining)
        dialogue.server("220 hi\r\n")
        dialogue.server((["250-server"] + capabilities.map { "250-\($0)" } + ["250 HELP"]).joined(separator: "\r\n") + "\r\n")
        precondition(dialogue.log.last == "ready")
        dialogue.log = []
        return dialogue
    }
}
