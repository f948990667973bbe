import Domain
import NIOSSL

/// Why a connection never became usable. No message is at fault.
struct SMTPSetupFailure: Error, Sendable, Equatable {
    var failure: Failure
    /// Trying again soon is useless: somebody must change the policy, the password or the server.
    var isConfiguration: Bool

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

    init(_ code: String, _ detail: String, isConfiguration: Bool = false) {
        self.init(
            failure: Failure(code: code, detail: detail, blame: .provider, burnsAttempt: false), isConfiguration: isConfiguration)
    }

    init(failure: Failure, isConfiguration: Bool) {
        self.failure = failure
        self.isConfiguration = isConfiguration
    }

    /// What went wrong with TLS, for people; libraries' words where it is none of the usual things.
    static func words(for error: any Error, serverName: String) -> String {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the certificate is not for \(serverName): correct the host, or name the certificate's in tls_server_name"
        }
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the certificate cannot be trusted: it has expired, or is of an unknown authority (tls_ca_file)"
        }
        if ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"].contains(where: text.contains) {
            return "the server does not speak TLS at once: tls: implicit is for port 465, tls: required for 587"
        }
        return text
    }
}
