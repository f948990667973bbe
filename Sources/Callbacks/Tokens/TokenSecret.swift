import CLibCrypto
import Foundation

/// What makes tokens unguessable: the lines of a file, each a secret of its own. The first signs, all verify, so that a secret can be
/// changed while links with the old one are still in mailboxes. Descriptions never show it.
public struct TokenSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Why a file is no secret.
    public enum Problem: Error, Equatable, Sendable, CustomStringConvertible {
        /// The system's reason.
        case unreadable(String)
        case tooShort

        public var description: String {
            switch self {
            case .unreadable(let cause): cause
            case .tooShort:
                "each line must be a secret of at least \(TokenSecret.shortest) characters, such as openssl rand -hex 32 writes"
            }
        }
    }
    static let shortest = 16
    private let secrets: [[UInt8]]

    public var description: String { "a secret" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// - Throws: `Problem`.
    public init(path: String) throws(Problem) {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw .unreadable((error as? CocoaError).map { reason(of: $0) } ?? "\(error)")
        }
        try self.init(lines: text)
    }

    init(lines: String) throws(Problem) {
        secrets = lines.split(whereSeparator: \.isNewline).map { Array($0.trimmingCharacters(in: .whitespaces).utf8) }
            .filter { !$0.isEmpty }
        guard !secrets.isEmpty, secrets.allSatisfy({ $0.count >= Self.shortest }) else { throw .tooShort }
    }

    /// The first `length` octets of HMAC-SHA256. `purpose` keeps tokens of one kind from being taken for another.
    func code(_ purpose: String, _ payload: [UInt8], length: Int) -> [UInt8] {
        Self.code(secrets[0], purpose, payload, length)
    }

    /// In constant time for each secret.
    func isGenuine(_ code: ArraySlice<UInt8>, _ purpose: String, _ payload: [UInt8]) -> Bool {
        secrets.contains { secret in
            let expected = Self.code(secret, purpose, payload, code.count)
            return CRYPTO_memcmp(expected, Array(code), code.count) == 0
        }
    }

    private static func code(_ secret: [UInt8], _ purpose: String, _ payload: [UInt8], _ length: Int) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        let text = Array(purpose.utf8) + [0] + payload
        HMAC(EVP_sha256(), secret, Int32(secret.count), text, text.count, &code, nil)
        return Array(code.prefix(length))
    }
}

/// 20 octets as 32 letters and digits without case (RFC 4648, 6): mail servers may change the case of an address.
enum Base32 {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var bits: UInt64 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt64(byte)
            count += 8
            while count >= 5 {
                count -= 5
                output.append(alphabet[Int(bits >> UInt64(count) & 31)])
            }
        }
        precondition(count == 0, "tokens are multiples of five octets")
        return String(decoding: output, as: UTF8.self)
    }

    /// nil: not 32 characters of the alphabet.
    static func decodeToken(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count == 32 else { return nil }
        var output: [UInt8] = []
        var bits: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            let lower = (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
            guard let value = alphabet.firstIndex(of: lower) else { return nil }
            bits = bits << 5 | UInt64(value)
            count += 5
            if count >= 8 {
                count -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt64(count)))
            }
        }
        return output
    }
}

extension FixedWidthInteger {
    /// Big-endian.
    var octets: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }

    init(octets: some Sequence<UInt8>) { self = octets.reduce(0) { $0 << 8 | Self($1) } }
}
