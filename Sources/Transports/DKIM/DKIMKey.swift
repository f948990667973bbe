import CLibCrypto

/// A private key for DKIM signatures, parsed once: RSA (RFC 6376) or Ed25519 (RFC 8463).
final class DKIMKey: @unchecked Sendable {
    // @unchecked: threads may sign with one key of libcrypto at once; no code changes it.
    enum Algorithm: String, Sendable {
        case rsa = "rsa-sha256"
        case ed25519 = "ed25519-sha256"
    }
    enum Problem: Error, Equatable, CustomStringConvertible {
        case unreadable
        case wrongKind
        case tooShort(bits: Int)
        /// libcrypto could not sign; its memory is exhausted or the key damaged.
        case signing

        var description: String {
            switch self {
            case .unreadable: "this is no private key in PEM without a passphrase"
            case .wrongKind: "only RSA and Ed25519 keys sign mail"
            case .tooShort(let bits): "the RSA key has \(bits) bits; verifiers refuse less than 1024 (RFC 8301), use 2048"
            case .signing: "the key could not sign"
            }
        }
    }
    let algorithm: Algorithm
    private let key: OpaquePointer

    init(pem: [UInt8]) throws(Problem) {
        // A later reader of this thread's queue of errors would blame the wrong call.
        defer { ERR_clear_error() }
        guard let key = Self.parse(pem) else { throw .unreadable }
        self.key = key
        switch EVP_PKEY_get_base_id(key) {
        case EVP_PKEY_RSA:
            algorithm = .rsa
            let bits = Int(EVP_PKEY_get_bits(key))
            guard bits >= 1024 else { throw .tooShort(bits: bits) }
        case EVP_PKEY_ED25519: algorithm = .ed25519
        default:
            algorithm = .rsa
            throw .wrongKind
        }
    }

    /// The BIO keeps a pointer to the octets instead of a copy: they must stay where they are until it is freed.
    private static func parse(_ pem: [UInt8]) -> OpaquePointer? {
        pem.withUnsafeBytes { octets in
            guard let source = BIO_new_mem_buf(octets.baseAddress, Int32(clamping: octets.count)) else { return nil }
            defer { BIO_free(source) }
            // Without a callback libcrypto would ask the terminal for a passphrase.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
    }

    deinit { EVP_PKEY_free(key) }

    /// RSA signs the text's SHA-256 by PKCS #1 v1.5; Ed25519 signs that hash as its message (RFC 8463, 3).
    func signature(of text: [UInt8]) throws(Problem) -> [UInt8] {
        let input = algorithm == .rsa ? text : sha256(text)
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { throw .signing }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, algorithm == .rsa ? EVP_sha256() : nil, nil, key) == 1 else { throw .signing }
        var output = [UInt8](repeating: 0, count: Int(EVP_PKEY_get_size(key)))
        var length = output.count
        guard EVP_DigestSign(context, &output, &length, input, input.count) == 1 else { throw .signing }
        return Array(output.prefix(length))
    }
}

func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &hash)
    return hash
}
