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

    /// Opens the key files.
    /// - Throws: `TransportError`.
    init(_ options: SMTPOptions) throws {
        signer = options.dkim.isEmpty ? nil : try DKIMSigner(options.dkim, provider: options.provider)
    }

    /// An RSA signature takes a millisecond: too long for an event loop.
    var isSlow: Bool { signer != nil }

    /// - Parameter eightBit: the server offers 8BITMIME; without meaning for signed messages, which travel in seven bits, because
    ///   recoding on the way would break the signature (RFC 6376, 5.3).
    /// - Returns: the content, or the outcome of a message that cannot be written.
    func compose(_ mail: MIMEMessage, eightBit: Bool) -> Result<SMTPContent, Refusal> {
        let now = time(nil)
        do {
            var message = try mail.encode(eightBit: eightBit && signer == nil, date: now)
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
