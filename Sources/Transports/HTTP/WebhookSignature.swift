import CLibCrypto
import Foundation
import Text

/// The secrets of a webhook and what they make of an event: Standard Webhooks, symmetric signatures (`v1`). Descriptions never show them.
struct WebhookSignature: Sendable, CustomStringConvertible, CustomReflectable {
    /// Why a file is no secret.
    struct Problem: Error { var cause: String }

    private let secrets: [[UInt8]]
    var description: String { "secrets" }
    var customMirror: Mirror { Mirror(self, children: []) }

    /// - Parameter lines: one `whsec_` and base64 of 24 to 64 octets a line; two while one replaces the other.
    init(lines: String) throws(Problem) {
        var secrets: [[UInt8]] = []
        for line in lines.split(whereSeparator: \.isNewline).map(\.trimmingBlanks) where !line.isEmpty {
            guard let text = line.dropping("whsec_"), let data = Data(base64Encoded: text), (24...64).contains(data.count) else {
                throw Problem(
                    cause:
                        "each line must be whsec_ and base64 of 24 to 64 octets, as echo whsec_$(openssl rand -base64 32) writes")
            }
            secrets.append(Array(data))
        }
        guard (1...2).contains(secrets.count) else {
            throw Problem(
                cause: secrets.isEmpty
                    ? "the file is empty" : "there are \(secrets.count) secrets: two at most, the new one first")
        }
        self.secrets = secrets
    }

    /// What goes into `webhook-signature`: one signature for each secret, with blanks between.
    /// - Parameter timestamp: whole seconds since 1970, as `webhook-timestamp` has them.
    func header(id: String, timestamp: Int, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        return secrets.map { secret in
            var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
            HMAC(EVP_sha256(), secret, Int32(secret.count), signed, signed.count, &code, nil)
            return "v1,\(Data(code).base64EncodedString())"
        }.joined(separator: " ")
    }
}
