import Callbacks
import Domain

/// What only a mail server can do wrong.
extension SetupFailure {
    static func tlsUnavailable(_ detail: String) -> Self { .init("tls_unavailable", detail) }
    static let injected = Self(
        "tls_injection", "bytes arrived between the answer to STARTTLS and the handshake: somebody is in the middle")
    static let authenticationInClear = Self(
        "authentication_in_clear", "credentials are not sent without TLS; set tls: required, or auth_in_clear: true",
        isConfiguration: true)
    static func authenticationUnavailable(_ offered: Set<String>, spoken: [String]) -> Self {
        let list = offered.sorted().joined(separator: " ")
        return .init(
            "authentication_unavailable",
            "the server offers \(list.isEmpty ? "no AUTH" : "AUTH \(list)"); with these credentials only \(spoken.joined(separator: " and ")) can be spoken",
            isConfiguration: true)
    }

    static func refused(_ reply: SMTPReply, _ stage: SMTPClassification.Stage, hiding credentials: SMTPCredentials?) -> Self {
        let isPermanent = reply.code >= 500
        var result = Self(
            stage == .authentication && isPermanent ? "authentication_failed" : reply.failureCode,
            credentials?.hidden(in: reply.shown) ?? reply.shown, isConfiguration: isPermanent)
        if !isPermanent { result.failure.throttled = SMTPClassification(reply, stage: stage).outcome.failure?.throttled ?? false }
        return result
    }

    /// What went wrong with TLS, for people; libraries' words where it is none of the usual things.
    static func words(for error: any Error, serverName: String) -> String {
        TLSWords.sentence(
            for: error, serverName: serverName,
            plain: "the server does not speak TLS at once: tls: implicit is for port 465, tls: required for 587")
    }
}
