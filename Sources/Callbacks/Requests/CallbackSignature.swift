import CLibCrypto
import Foundation
import Text

/// A signature that the configuration describes:
/// `hmac-sha256 hex header:X-Signature over={header:X-Timestamp}.{body} prefix=sha256= time=header:X-Timestamp secret=base64`.
///
/// - first `hmac-sha1`, `hmac-sha256`, `hmac-sha512`, or `ecdsa-sha256` (the secrets are public keys then, base64 of their DER);
/// - then `hex` or `base64`, and where it stands; several signatures there have blanks between them;
/// - `over`: what is signed, `{body}` unless it says otherwise; `{url}` and `{header:NAME}` can be in it;
/// - `prefix`: what stands before the signature;
/// - `time`: where the time is (seconds or milliseconds since 1970) that may differ from ours by five minutes;
/// - `secret=base64`: the secrets are written in base64, with `whsec_` before them or not (Standard Webhooks).
struct CallbackSignature: Sendable {
    private enum Method: Sendable {
        case hmac(Digest)
        case ecdsa
    }
    private enum Piece: Sendable {
        case text(String)
        case body
        case url
        case header(String)
    }
    static let tolerance: TimeInterval = 300

    private let method: Method
    private let isHex: Bool
    private let place: CallbackPlace
    private var pieces: [Piece] = [.body]
    private var prefix = ""
    private var time: CallbackPlace?
    private var secretsAreBase64 = false

    init(_ words: [String]) throws(CallbackAuth.Problem) {
        let example = "write for example hmac-sha256 hex header:X-Signature"
        guard words.count >= 3, ["hex", "base64"].contains(words[1]), let place = CallbackPlace(words[2]) else {
            throw CallbackAuth.Problem(remedy: example)
        }
        if words[0] == "ecdsa-sha256" {
            method = .ecdsa
        } else if let digest = words[0].dropping("hmac-").flatMap(Digest.init) {
            method = .hmac(digest)
        } else {
            throw CallbackAuth.Problem(remedy: "\(example); also hmac-sha1, hmac-sha512, ecdsa-sha256, basic and token")
        }
        isHex = words[1] == "hex"
        self.place = place
        for word in words.dropFirst(3) {
            if let over = word.dropping("over=") {
                pieces = try Self.pieces(over)
            } else if let prefix = word.dropping("prefix=") {
                self.prefix = prefix
            } else if let place = word.dropping("time=").flatMap({ CallbackPlace($0) }) {
                time = place
            } else if word == "secret=base64" {
                secretsAreBase64 = true
            } else {
                throw CallbackAuth.Problem(remedy: "behind the place only over=, prefix=, time= and secret=base64 are known")
            }
        }
    }

    private static func pieces(_ text: String) throws(CallbackAuth.Problem) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else { break }
            let name = String(rest[rest.index(after: open)..<close])
            if name == "body" {
                pieces.append(.body)
            } else if name == "url" {
                pieces.append(.url)
            } else if let header = name.dropping("header:"), !header.isEmpty {
                pieces.append(.header(header))
            } else {
                throw CallbackAuth.Problem(remedy: "over= knows {body}, {url} and {header:NAME}")
            }
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        let coversBody = pieces.contains { if case .body = $0 { true } else { false } }
        guard coversBody else { throw CallbackAuth.Problem(remedy: "over= must contain {body}, or anybody may change it") }
        return pieces
    }

    // MARK: a request

    func isGenuine(_ request: CallbackRequest, _ secrets: [String], now: Date) -> Bool {
        guard let given = place.value(in: request), isInTime(request, now) else { return false }
        let candidates = given.split(separator: " ").prefix(8).compactMap { decode(String($0)) }
        var found = false
        for url in coversURL ? request.urls : [""] {
            guard let signed = signed(request, url) else { return false }
            for secret in secrets where candidates.contains(where: { isGenuine($0, signed, secret) }) { found = true }
        }
        return found
    }

    private var coversURL: Bool { pieces.contains { if case .url = $0 { true } else { false } } }

    private func isGenuine(_ signature: [UInt8], _ signed: [UInt8], _ secret: String) -> Bool {
        switch method {
        case .ecdsa: return Self.verify(signature, signed, key: secret)
        case .hmac(let digest):
            guard let key = key(secret) else { return false }
            return CallbackAuth.isSame(digest.hmac(key, signed), signature)
        }
    }

    private func key(_ secret: String) -> [UInt8]? {
        guard secretsAreBase64 else { return Array(secret.utf8) }
        let text = secret.hasPrefix("whsec_") ? String(secret.dropFirst(6)) : secret
        return Data(base64Encoded: text).map { [UInt8]($0) }
    }

    private func decode(_ text: String) -> [UInt8]? {
        guard text.hasPrefix(prefix) else { return nil }
        let text = text.dropFirst(prefix.count)
        if !isHex { return Data(base64Encoded: String(text)).map { [UInt8]($0) } }
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8((digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0)) }
    }

    private func signed(_ request: CallbackRequest, _ url: String) -> [UInt8]? {
        var text: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let plain): text += plain.utf8
            case .body: text += request.body
            case .url: text += url.utf8
            case .header(let name):
                guard let value = request.header(name) else { return nil }
                text += value.utf8
            }
        }
        return text
    }

    private func isInTime(_ request: CallbackRequest, _ now: Date) -> Bool {
        guard let time else { return true }
        guard let given = time.value(in: request).flatMap(Double.init), given.isFinite else { return false }
        let seconds = given > 100_000_000_000 ? given / 1000 : given
        return abs(now.timeIntervalSince1970 - seconds) <= Self.tolerance
    }

    /// ECDSA with SHA-256; the key is base64 of a SubjectPublicKeyInfo in DER, the signature is DER.
    private static func verify(_ signature: [UInt8], _ signed: [UInt8], key: String) -> Bool {
        guard let der = Data(base64Encoded: key).map({ [UInt8]($0) }) else { return false }
        let publicKey = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_PUBKEY(nil, &start, bytes.count)
        }
        guard let publicKey else {
            ERR_clear_error()
            return false
        }
        defer { EVP_PKEY_free(publicKey) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, publicKey) == 1 else { return false }
        let isGenuine = EVP_DigestVerify(context, signature, signature.count, signed, signed.count) == 1
        if !isGenuine { ERR_clear_error() }
        return isGenuine
    }
}
