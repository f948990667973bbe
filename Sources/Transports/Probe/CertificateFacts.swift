import CLibCrypto
import Foundation
import NIOCore
import NIOSSL
import Text

/// What a peer's certificate says about itself.
struct CertificateFacts: Sendable, Equatable {
    var subject: String
    var issuer: String
    var expires: Date
    var begins: Date

    init?(_ certificate: NIOSSLCertificate) {
        begins = Date(timeIntervalSince1970: TimeInterval(certificate.notValidBefore))
        expires = Date(timeIntervalSince1970: TimeInterval(certificate.notValidAfter))
        do {
            let bytes = try certificate.toDERBytes()
            let names = bytes.withUnsafeBufferPointer { buffer -> (String, String)? in
                var start = buffer.baseAddress
                guard let parsed = d2i_X509(nil, &start, buffer.count) else { return nil }
                defer { X509_free(parsed) }
                return (Self.text(X509_get_subject_name(parsed)), Self.text(X509_get_issuer_name(parsed)))
            }
            guard let names else { return nil }
            (subject, issuer) = names
        } catch {
            return nil  // It came through a handshake, so this does not happen; without it the report is only shorter.
        }
    }

    /// `CN=api.example.com, O=Example`, without control characters.
    private static func text(_ name: OpaquePointer?) -> String {
        guard let line = X509_NAME_oneline(name, nil, 0) else { return "?" }
        defer { CRYPTO_free(line, #file, #line) }
        return String(cString: line).split(separator: "/").joined(separator: ", ").withoutControls
    }

    var sentence: String {
        "certificate of \(subject), issued by \(issuer), valid until \(expires.formatted(.iso8601.year().month().day()))"
    }

    /// Why it is not believed, as far as the certificate itself tells.
    func trouble(host: String, words: String, now: Date = Date()) -> ProbeTrouble {
        if expires < now {
            return ProbeTrouble(
                "the certificate expired on \(expires.formatted(.iso8601.year().month().day())) (\(subject))",
                "The operator of the server has to renew it; if it is renewed, check this machine's clock.")
        }
        if begins > now {
            return ProbeTrouble(
                "the certificate is not valid before \(begins.formatted(.iso8601.year().month().day()))",
                "Check this machine's clock.")
        }
        if words.contains("is not for") {
            return ProbeTrouble(
                "the certificate is not for \(host): it is the \(sentence)",
                "Use the name that the certificate has: in url, host or tls_server_name.")
        }
        return ProbeTrouble(
            "\(issuer), which issued the \(subject == issuer ? "server's own certificate" : "certificate of \(subject)"), is not trusted here",
            "If it is an authority of yours, name its certificate in tls_ca_file; if not, somebody may be in between.")
    }
}

/// A handshake for its own sake.
enum TLSLook {
    /// The certificate and version of the peer; nothing is sent but the handshake. Closes the channel unless it succeeds.
    /// - Throws: what the handshake threw.
    static func handshake(_ channel: any NIOCore.Channel, _ context: NIOSSLContext, serverName: String) async throws -> (
        facts: CertificateFacts?, version: String
    ) {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        try await channel.eventLoop.submit {
            let waiter = HandshakeWaiter(promise)
            try channel.begin(waiter, tls: context, serverName: serverName)
            waiter.giveUp(after: .seconds(10), on: channel)
        }.get()
        try await promise.futureResult.get()
        return try await facts(channel)
    }

    static func facts(_ channel: any NIOCore.Channel) async throws -> (facts: CertificateFacts?, version: String) {
        try await channel.eventLoop.submit {
            let certificate = try channel.pipeline.syncOperations.nioSSL_peerCertificate()
            let version = try channel.pipeline.syncOperations.nioSSL_tlsVersion()
            let names: [TLSVersion: String] = [.tlsv12: "TLS 1.2", .tlsv13: "TLS 1.3"]
            return (certificate.flatMap { CertificateFacts($0) }, version.flatMap { names[$0] } ?? "TLS")
        }.get()
    }

    /// A context that believes anybody: to look at a certificate that was refused, before hanging up.
    static func blindContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return try NIOSSLContext(configuration: configuration)
    }
}
