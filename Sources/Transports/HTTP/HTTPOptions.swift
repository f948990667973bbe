import Callbacks
import Domain
import Foundation
import NIOHTTP1
import NIOSSL

/// The options of an HTTP provider; README.md has the list.
struct HTTPOptions: Sendable {
    var provider: String
    var window: Int
    var form: HTTPRequestForm
    var rules: HTTPRules
    /// Scheme, host and port are fixed: no message decides where it goes.
    var host: String
    var port: Int
    var isTLS: Bool
    var user: String?
    var passwordFile: String?
    /// How the option is called whose file has the password.
    var passwordOption = "password_file"
    var tokenFile: String?
    var secretFile: String?
    /// Secrets that sign each request as Standard Webhooks says; nil: none does.
    var signingFile: String?
    /// How `secretFile` signs each request; nil: it does not.
    var cloudSignature: CloudSignature?
    /// Header that carries the idempotency key; nil: none.
    var idempotencyHeader: String?
    var from: String?
    var country = "+"
    var alphabet = (gsm: "gsm7", other: "ucs2")
    var maximumValidity: Duration = .seconds(72 * 3600)
    var caFile: String?
    var connectTimeout: Duration
    var idleClose: Duration
    var allowsPrivate: Bool
    /// An address that needs the credentials and sends nothing, for `providers test`; nil: none is known.
    var testURL: HTTPTemplate?
    /// How the provider's callbacks are read; nil: it has none.
    var callbacks: CallbackOptions?
    /// The file with the secret that requests tell the provider for its callbacks; nil: they tell none.
    var sentCallbackFile: String?

    /// Scheme, host and port.
    var origin: String { "\(isTLS ? "https" : "http")://\(host):\(port)" }

    var secretFiles: [(option: String, path: String)] {
        [
            (passwordOption, passwordFile), ("token_file", tokenFile), ("secret_file", secretFile),
            ("callback_secret_file", sentCallbackFile), ("signing_secret_file", signingFile),
        ].compactMap { name, path in path.map { (name, $0) } }
    }

    /// The options that every HTTP provider has. `url` may contain placeholders behind the host.
    init(_ options: inout ProviderOptions, _ policy: ProviderPolicy, url: String, form: HTTPRequestForm, rules: HTTPRules) throws
    {
        provider = policy.name
        window = policy.window
        self.form = form
        self.rules = rules
        allowsPrivate = try options.flag("allow_private")
        let inClear = try options.flag("in_clear")
        (isTLS, host, port) = try Self.target(url, options, allowsPrivate: allowsPrivate, inClear: inClear)
        caFile = options.text("tls_ca_file")
        if let caFile, !isTLS { throw options.bad("tls_ca_file", caFile, "it needs a url with https") }
        connectTimeout = try options.duration("connect_timeout", default: .seconds(10), in: .milliseconds(1) ... .seconds(300))
        idleClose = try options.duration("idle_close", default: .seconds(20), in: .milliseconds(1) ... .seconds(300))
        maximumValidity = try options.duration(
            "maximum_validity", default: .seconds(72 * 3600), in: .seconds(1) ... .seconds(30 * 86_400))
        from = options.text("from")
    }

    private static func target(
        _ url: String, _ options: ProviderOptions, allowsPrivate: Bool, inClear: Bool
    ) throws -> (isTLS: Bool, host: String, port: Int) {
        let name = options.urlOption
        let remedy = "use a url such as https://api.example.com/messages; host and port without placeholders"
        let isTLS = url.hasPrefix("https://")
        guard isTLS || url.hasPrefix("http://"), !url.contains(where: { $0.isWhitespace || $0 == "#" }),
            let start = url.firstRange(of: "://")?.upperBound
        else { throw options.bad(name, url, remedy) }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("{"), !authority.contains("@"),
            let parsed = URLComponents(string: String(url[..<start]) + authority), let host = parsed.host, !host.isEmpty,
            (1...65535).contains(parsed.port ?? 443)
        else { throw options.bad(name, url, remedy) }
        if !isTLS, !inClear {
            throw options.bad(name, url, "credentials and texts would travel in the clear: use https, or in_clear: true")
        }
        if !allowsPrivate, let literal = PublicAddress.literal(host), !PublicAddress.isPublic(literal) {
            throw options.bad(name, url, "this address is private; allow_private: true permits it")
        }
        return (isTLS, host, parsed.port ?? (isTLS ? 443 : 80))
    }

    /// The values of one message.
    func fields(_ submission: Submission, _ secrets: HTTPSecrets.Values) -> HTTPFields {
        HTTPFields(
            submission: submission, provider: provider, from: from, secret: secrets.secret,
            callbackSecret: secrets.callbackSecret, country: country, alphabet: alphabet,
            validity: max(.seconds(1), min(submission.validity, maximumValidity)))
    }

    /// - Throws: `HTTPRequestForm.Unfit`.
    func request(_ submission: Submission, _ secrets: HTTPSecrets.Values) throws(HTTPRequestForm.Unfit) -> HTTPRequestForm.Request
    {
        let fields = fields(submission, secrets)
        var request = try form.request(fields)
        if let authorization = secrets.authorization { request.headers.add(name: "Authorization", value: authorization) }
        if let idempotencyHeader { request.headers.add(name: idempotencyHeader, value: fields.value(of: .idempotencyKey)) }
        if let signature = secrets.signature {
            // The same for every attempt: who gets it twice knows it by this.
            let (id, now) = (fields.value(of: .messageID), Int(Date.now.timeIntervalSince1970))
            request.headers.add(name: "webhook-id", value: id)
            request.headers.add(name: "webhook-timestamp", value: "\(now)")
            request.headers.add(name: "webhook-signature", value: signature.header(id: id, timestamp: now, body: request.body))
        }
        cloudSignature?.sign(&request, secret: secrets.secret, now: .now, nonce: UUID().uuidString)
        if !request.headers.contains(name: "User-Agent") { request.headers.add(name: "User-Agent", value: "martlet") }
        return request
    }

    /// TLS with verification of chain and name, always.
    /// - Throws: `ProviderError`.
    func tlsConfiguration() throws -> TLSConfiguration {
        let configuration = TLSConfiguration.verifying(caFile: caFile)
        // The client would find out with the first connection only.
        _ = try configuration.context(provider: provider, caFile: caFile)
        return configuration
    }
}

extension ProviderOptions {
    /// What the option with the address is called.
    fileprivate var urlOption: String { isKnown("base_url") ? "base_url" : "url" }
}
