import CLibCrypto
import Foundation
import Text

/// How a provider shows that a callback is its own: what option `callback_auth` says. Every secret of the file is tried, so that one can
/// be replaced while callbacks with the old one are under way. Everything is compared in constant time.
enum CallbackAuth: Sendable {
    /// The user and password of the URL that the provider was given; a secret is `user:password`.
    case basic
    /// A secret word in a header, or in the query of the URL.
    case token(CallbackPlace)
    case signature(CallbackSignature)
    /// X-Twilio-Signature: HMAC-SHA1 of the URL and the form's sorted names and values.
    case twilio

    struct Problem: Error { var remedy: String }

    /// `basic`, `token header:X-Key`, `token query:key`, or a signature.
    /// - Throws: `Problem`.
    init(_ text: String) throws(Problem) {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        switch words.first {
        case "basic" where words.count == 1: self = .basic
        case "token":
            guard words.count == 2, let place = CallbackPlace(words[1]) else {
                throw Problem(remedy: "write token header:NAME or token query:NAME")
            }
            self = .token(place)
        case .some: self = .signature(try CallbackSignature(words))
        case nil: throw Problem(remedy: "write basic, token …, or hmac-sha256 …")
        }
    }

    /// - Parameter secrets: at least one.
    func isGenuine(_ request: CallbackRequest, _ secrets: [String], now: Date = .now) -> Bool {
        switch self {
        case .basic:
            guard let given = request.header("Authorization"), given.lowercased().hasPrefix("basic "),
                let decoded = Data(base64Encoded: given.dropFirst(6).trimmingBlanks)
            else { return false }
            return Self.isAny(of: secrets, [UInt8](decoded))
        case .token(let place):
            guard let given = place.value(in: request) else { return false }
            return Self.isAny(of: secrets, Array(given.utf8))
        case .signature(let signature): return signature.isGenuine(request, secrets, now: now)
        case .twilio:
            guard let given = request.header("X-Twilio-Signature").flatMap({ Data(base64Encoded: $0) }) else { return false }
            let pairs = request.method == "POST" ? FormPairs.decode(request.body) : []
            return request.urls.contains { url in
                let text = Array(TwilioSignature.text(url: url, pairs: pairs).utf8)
                return secrets.contains { Self.isSame(Digest.sha1.hmac(Array($0.utf8), text), [UInt8](given)) }
            }
        }
    }

    /// Compares digests, so that not even the length of a secret shows; all of them, so that their order does not.
    private static func isAny(of secrets: [String], _ given: [UInt8]) -> Bool {
        let digest = Digest.sha256.hmac([0], given)
        var found = false
        for secret in secrets where isSame(Digest.sha256.hmac([0], Array(secret.utf8)), digest) { found = true }
        return found
    }

    static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}

/// Where a request carries something: `header:NAME`, `query:NAME`.
enum CallbackPlace: Sendable, Equatable {
    case header(String)
    case query(String)

    init?(_ text: String) {
        if let name = text.dropping("header:"), !name.isEmpty {
            self = .header(name)
        } else if let name = text.dropping("query:"), !name.isEmpty {
            self = .query(name)
        } else {
            return nil
        }
    }

    func value(in request: CallbackRequest) -> String? {
        switch self {
        case .header(let name): request.header(name)
        case .query(let name): request.queryValue(name)
        }
    }
}

/// https://www.twilio.com/docs/usage/security#validating-requests
public enum TwilioSignature {
    /// The URL, and behind it every name with its values, sorted, each once.
    static func text(url: String, pairs: [(name: String, value: String)]) -> String {
        var text = url
        for (name, values) in Dictionary(grouping: pairs, by: \.name).sorted(by: { bytewise($0.key, $1.key) }) {
            for value in Set(values.map(\.value)).sorted(by: bytewise) { text += name + value }
        }
        return text
    }

    /// What Twilio writes into `X-Twilio-Signature` of a form.
    public static func sign(url: String, body: [UInt8], token: String) -> String {
        Data(Digest.sha1.hmac(Array(token.utf8), Array(text(url: url, pairs: FormPairs.decode(body)).utf8))).base64EncodedString()
    }

    private static func bytewise(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}
