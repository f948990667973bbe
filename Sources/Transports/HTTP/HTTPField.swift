import CLibCrypto
import Domain
import Text

/// What a request may contain of a message.
enum HTTPField: String, Sendable, CaseIterable {
    case to
    /// The number without `+`.
    case toDigits = "to_digits"
    /// The number without the `country` of the options.
    case toNational = "to_national"
    case from
    /// Display name of the sender; the address where it has none.
    case fromName = "from_name"
    /// The address of the sender where the mail has no other.
    case replyTo = "reply_to"
    case subject, text, html
    /// The text as it stands between the quotes of a JSON string: for JSON within a form.
    case textJSON = "text_json"
    /// Further headers of the mail as a JSON object, or as a list of objects with `Name` and `Value`.
    case headers
    case headersList = "headers_list"
    case messageID = "message_id"
    case attempt
    /// Stable per message and provider.
    case idempotencyKey = "idempotency_key"
    case validitySeconds = "validity_seconds"
    case validityMinutes = "validity_minutes"
    case validityMilliseconds = "validity_ms"
    case messageClass = "class"
    /// The words of option `alphabet`.
    case alphabet
    case provider
    /// Content of `secret_file`.
    case secret
    /// First line of `callback_secret_file`: for the URL that the provider is to call back.
    case callbackSecret = "callback_secret"

    /// Is JSON already; nothing is escaped.
    var isJSON: Bool { self == .headers || self == .headersList }
    /// Free text: may contain anything, so it never stands in a header.
    var isFree: Bool { [.text, .textJSON, .subject, .html, .fromName, .headers, .headersList].contains(self) }
}

/// The values of one message.
struct HTTPFields: Sendable {
    var submission: Submission
    var provider: String
    var from: String?
    var secret: String
    var callbackSecret = ""
    var country: String
    var alphabet: (gsm: String, other: String)
    /// 1 s … the provider's longest.
    var validity: Duration

    func value(of field: HTTPField) -> String {
        let rendered = submission.rendered
        switch field {
        case .to: return submission.to
        case .toDigits: return submission.to.hasPrefix("+") ? String(submission.to.dropFirst()) : submission.to
        case .toNational:
            return submission.to.hasPrefix(country) ? String(submission.to.dropFirst(country.count)) : value(of: .toDigits)
        case .from: return from ?? rendered.from
        case .fromName: return rendered.fromName ?? from ?? rendered.from
        case .replyTo: return mail?.replyTo ?? rendered.from
        case .subject: return mail?.subject ?? ""
        case .text: return text
        case .textJSON: return JSONString.escaped(text)
        case .html: return mail?.html ?? ""
        case .headers, .headersList: return headers(asList: field == .headersList)
        case .messageID: return "\(submission.messageID)"
        case .attempt: return "\(submission.attempt)"
        case .idempotencyKey: return idempotencyKey
        case .validitySeconds: return "\(validity.components.seconds)"
        case .validityMinutes: return "\(max(1, validity.components.seconds / 60))"
        case .validityMilliseconds: return "\(validity.components.seconds * 1000)"
        case .messageClass: return submission.messageClass ?? ""
        case .alphabet: return isGSM ? alphabet.gsm : alphabet.other
        case .provider: return provider
        case .secret: return secret
        case .callbackSecret: return callbackSecret
        }
    }

    var mail: EmailContent? {
        if case .email(let mail) = submission.rendered.content { mail } else { nil }
    }

    /// What the recipient reads.
    var text: String {
        switch submission.rendered.content {
        case .sms(let sms): sms.text
        case .email(let mail): mail.text
        case .http(let text): text
        }
    }

    private var isGSM: Bool {
        if case .sms(let sms) = submission.rendered.content { sms.encoding == .gsm7 } else { false }
    }

    private func headers(asList: Bool) -> String {
        let pairs = (mail?.headers ?? []).map { (JSONString.quoted($0.name), JSONString.quoted($0.value)) }
        return asList
            ? "[" + pairs.map { "{\"Name\":\($0),\"Value\":\($1)}" }.joined(separator: ",") + "]"
            : "{" + pairs.map { "\($0):\($1)" }.joined(separator: ",") + "}"
    }

    /// A UUID (RFC 9562, version 8) of provider and message: what every API takes, the same for every attempt.
    private var idempotencyKey: String {
        let name = Array("martlet\0\(provider)\0\(submission.messageID)".utf8)
        var hash = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(name, name.count, &hash)
        hash[6] = hash[6] & 0x0F | 0x80
        hash[8] = hash[8] & 0x3F | 0x80
        let digits = hash.prefix(16).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
        var key = ""
        for (index, digit) in digits.enumerated() {
            if [8, 12, 16, 20].contains(index) { key.append("-") }
            key.append(digit)
        }
        return key
    }
}
