import CLibCrypto

/// Keyed digests, for signatures that come and go.
package enum Digest: String, Sendable, CaseIterable {
    case sha1, sha256, sha512

    /// RFC 2104.
    package func hmac(_ secret: [UInt8], _ text: [UInt8]) -> [UInt8] {
        let (method, length) =
            switch self {
            case .sha1: (EVP_sha1(), SHA_DIGEST_LENGTH)
            case .sha256: (EVP_sha256(), SHA256_DIGEST_LENGTH)
            case .sha512: (EVP_sha512(), SHA512_DIGEST_LENGTH)
            }
        var code = [UInt8](repeating: 0, count: Int(length))
        HMAC(method, secret, Int32(secret.count), text, text.count, &code, nil)
        return code
    }
}
