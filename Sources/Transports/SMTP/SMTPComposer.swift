import Callbacks
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
    private let verp: (path: SMTPReturnPath, secret: TokenSecret)?
    private let returnPath: Mailbox?

    /// Opens the files of keys and secrets.
    /// - Throws: `ProviderError`.
    init(_ options: SMTPOptions) throws {
        unsubscribe = try options.unsubscribe.map { ($0, try options.tokenSecret("unsubscribe_secret_file", $0.secretFile)) }
        verp = try options.verp.map { ($0, try options.tokenSecret("verp_secret_file", $0.secretFile)) }
        returnPath = options.returnPath
        signer = options.dkim.isEmpty ? nil : try DKIMSigner(options.dkim, provider: options.provider)
    }

    /// An RSA signature takes more than a millisecond: too long for an event loop.
    var isSlow: Bool { signer != nil }

    /// Envelope sender, and ENVID.
    func envelope(_ submission: Submission, _ mail: MIMEMessage) -> (from: String, id: String) {
        guard let token = token(submission), let verp else {
            return ((returnPath ?? mail.from).address, "\(submission.messageID).\(submission.attempt)")
        }
        return (verp.path.address(token), token)
    }

    private func token(_ submission: Submission) -> String? {
        verp.map { ReturnToken(submission.messageID, attempt: submission.attempt).text($0.secret) }
    }

    /// - Parameter eightBit: the server offers 8BITMIME; without meaning for signed messages, which travel in seven bits, because
    ///   recoding on the way would break the signature (RFC 6376, 5.3).
    /// - Returns: the content, or the outcome of a message that cannot be written.
    func compose(_ submission: Submission, _ mail: MIMEMessage, eightBit: Bool) -> Result<SMTPContent, Refusal> {
        let now = time(nil)
        do {
            var extra = unsubscribe.map { $0.way.headers(submission, secret: $0.secret) } ?? []
            // Complaints give back the header, and seldom the envelope.
            if let token = token(submission) { extra.append((Self.tokenField, token)) }
            var message = try mail.encode(eightBit: eightBit && signer == nil, date: now, extra: extra)
            if let signer {
                message = try signer.signatures(for: message, from: mail.from.domain, time: now) + message
            }
            let isEightBit = !MIMEBody.isASCII(message)
            return .success(SMTPContent(bytes: dotStuffed(message), size: message.count, isEightBit: isEightBit))
        } catch let refused as SubmissionRefused {
            return .failure(Refusal(outcome: .rejected(refused.failure)))
        } catch {
            let failure = Failure(code: "dkim_failed", detail: "\(error)", blame: .martlet, countsAttempt: false)
            return .failure(Refusal(outcome: .deferred(failure)))
        }
    }

    static let tokenField = "X-Martlet-Token"

    /// What is answered for a message that cannot be written.
    struct Refusal: Error, Equatable { var outcome: Outcome }
}
