import Domain
import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// A message as it goes over the wire.
struct SMTPContent: Sendable {
    /// With dots stuffed and the final dot.
    var bytes: ByteBuffer
    /// Octets before dot-stuffing.
    var size: Int
    var isEightBit: Bool
}

/// Makes bytes of messages: MIME, then signatures.
struct SMTPComposer: Sendable {
    let signer: DKIMSigner?
    private let unsubscribe: (way: SMTPUnsubscribe, secret: TokenSecret)?

    /// Opens the files of keys and secrets.
    /// - Throws: `TransportError`.
    init(_ options: SMTPOptions) throws {
        unsubscribe = try options.unsubscribe.map { ($0, try options.tokenSecret("unsubscribe_secret_file", $0.secretFile)) }
        signer = options.dkim.isEmpty ? nil : try DKIMSigner(options.dkim, provider: options.provider)
    }

    /// An RSA signature takes a millisecond: too long for an event loop.
    var isSlow: Bool { signer != nil }

    /// - Parameter eightBit: the server offers 8BITMIME; without meaning for signed messages, which travel in seven bits, because
    ///   recoding on the way would break the signature (RFC 6376, 5.3).
    /// - Returns: the content, or the outcome of a message that cannot be written.
    func compose(_ submission: Submission, _ mail: MIMEMessage, eightBit: Bool) -> Result<SMTPContent, Refusal> {
        let now = time(nil)
        do {
            let extra = unsubscribe.map { $0.way.headers(submission, secret: $0.secret) } ?? []
            var message = try mail.encode(eightBit: eightBit && signer == nil, date: now, extra: extra)
            if let signer {
                message = try signer.signatures(for: message, from: mail.from.domain, time: now) + message
            }
            let isEightBit = message.contains { $0 >= 0x80 }
            return .success(SMTPContent(bytes: dotStuffed(message), size: message.count, isEightBit: isEightBit))
        } catch let refused as SubmissionRefused {
            return .failure(Refusal(outcome: .rejected(refused.failure)))
        } catch {
            let failure = Failure(code: "dkim_failed", detail: "\(error)", blame: .martlet, burnsAttempt: false)
            return .failure(Refusal(outcome: .deferred(failure)))
        }
    }

    /// What is answered for a message that cannot be written.
    struct Refusal: Error, Equatable { var outcome: Outcome }
}
