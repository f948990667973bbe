import Domain
import NIOCore
import NIOPosix
import NIOSSL

/// Why a connection never became usable. No message is at fault.
struct SetupFailure: Error, Sendable, Equatable {
    var failure: Failure
    /// Trying again soon is useless: somebody must change the policy, the password or the server.
    var isConfiguration: Bool

    init(_ code: String, _ detail: String, isConfiguration: Bool = false, throttled: Bool = false) {
        self.init(
            failure: Failure(code: code, detail: detail, blame: .provider, countsAttempt: false, throttled: throttled),
            isConfiguration: isConfiguration)
    }

    init(failure: Failure, isConfiguration: Bool) {
        self.failure = failure
        self.isConfiguration = isConfiguration
    }

    /// What came of dialling.
    init(connecting error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            if let dns = error.dnsAError ?? error.dnsAAAAError, error.connectionErrors.isEmpty {
                self.init("host_not_found", "\(error.host): \(dns)")
                return
            }
            let causes = Set(error.connectionErrors.map { "\($0.error)" }).sorted().joined(separator: "; ")
            let isTimeout = error.connectionErrors.contains {
                if case ChannelError.connectTimeout = $0.error { true } else { false }
            }
            self.init(isTimeout ? "connect_timeout" : "connect_refused", "\(error.host):\(error.port): \(causes)")
        case ChannelError.connectTimeout: self.init("connect_timeout", "\(error)")
        default: self.init("connect_refused", "\(error)")
        }
    }
}

/// What went wrong with TLS, for people; libraries' words where it is none of the usual things.
enum TLSWords {
    static func isTLS(_ error: any Error) -> Bool { error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError }

    /// - Parameters:
    ///   - plain: what to do when the peer does not speak TLS.
    ///   - name: what to do when the certificate is another one's.
    static func sentence(
        for error: any Error, serverName: String, plain: String,
        name: String = "correct the host, or name the certificate's in tls_server_name"
    ) -> String {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the certificate is not for \(serverName): \(name)"
        }
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the certificate cannot be trusted: it has expired, or is of an unknown authority (tls_ca_file)"
        }
        if ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"].contains(where: text.contains) { return plain }
        return text
    }
}
