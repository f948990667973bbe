import Callbacks
import Foundation

/// What the option `dkim` says: which key signs for which domain. `domain selector path; …`.
struct DKIMRule: Sendable, Equatable {
    /// d=, in ASCII: signs for this domain and those below it.
    var domain: String
    /// s=.
    var selector: String
    var path: String

    /// nil: not understood.
    static func parse(_ text: String) -> [Self]? {
        var rules: [Self] = []
        for entry in text.split(whereSeparator: { $0 == ";" || $0.isNewline }) where !entry.allSatisfy(\.isWhitespace) {
            let words = entry.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            guard words.count == 3, let domain = name(String(words[0])), let selector = name(String(words[1])) else { return nil }
            rules.append(Self(domain: domain, selector: selector, path: words[2].trimmingCharacters(in: .whitespaces)))
        }
        return rules.isEmpty ? nil : rules
    }

    private static func name(_ text: String) -> String? {
        // A literal address has no DNS record to put a key into.
        guard !text.hasPrefix("[") else { return nil }
        do { return try Mailbox.ascii(domain: text).lowercased() } catch {
            // The caller names the whole option.
            return nil
        }
    }
}

/// Signs messages (RFC 6376), with every key of the sender's domain: relaxed/relaxed, no `l=`.
struct DKIMSigner: Sendable {
    private let keys: [(rule: DKIMRule, key: DKIMKey)]

    /// Reads the keys' files.
    /// - Throws: `ProviderError`.
    init(_ rules: [DKIMRule], provider: String) throws {
        keys = try rules.map { rule in
            do {
                return (rule, try DKIMKey(pem: Array(try Data(contentsOf: URL(filePath: rule.path)))))
            } catch {
                let cause = (error as? CocoaError).map { reason(of: $0) } ?? "\(error)"
                throw ProviderError.file(provider: provider, option: "dkim", path: rule.path, cause: cause)
            }
        }
    }

    /// The keys of the domain, or of the nearest domain above it that has any (DMARC's relaxed alignment).
    private func keys(for domain: String) -> [(rule: DKIMRule, key: DKIMKey)] {
        var rest = domain.lowercased()[...]
        while true {
            let found = keys.filter { $0.rule.domain == rest }
            if !found.isEmpty { return found }
            guard let dot = rest.firstIndex(of: ".") else { return [] }
            rest = rest[rest.index(after: dot)...]
        }
    }

    /// The fields to put before the message, one for each key; empty when the domain has none.
    /// - Parameters:
    ///   - message: header and body with CRLF, in seven bits where servers on the way might recode it (RFC 6376, 5.3).
    ///   - domain: of the From address, in ASCII.
    ///   - time: seconds since 1970.
    func signatures(for message: [UInt8], from domain: String, time: Int) throws(DKIMKey.Problem) -> [UInt8] {
        let keys = keys(for: domain)
        guard !keys.isEmpty else { return [] }
        let (fields, body) = DKIMCanonical.parts(of: message)
        let bodyHash = MIMEBody.base64(sha256(DKIMCanonical.body(body)))
        let signed = Self.signed(fields)
        var text: [UInt8] = []
        for field in signed { text += DKIMCanonical.header(field.bytes) + [0x0D, 0x0A] }
        // One From more than there is: a second one that somebody adds breaks the signature (RFC 6376, 8.15).
        let names = signed.map(\.name) + ["from"]
        var output: [UInt8] = []
        for (rule, key) in keys {
            let unsigned = Self.field(key.algorithm, rule, names: names, bodyHash: bodyHash, time: time)
            let signature = MIMEBody.base64(try key.signature(of: text + DKIMCanonical.header(Array(unsigned.utf8)[...])))
            output += unsigned.utf8
            var rest = signature.utf8[...]
            while !rest.isEmpty {
                output += [0x0D, 0x0A, 0x09] + rest.prefix(72)
                rest = rest.dropFirst(72)
            }
            output += [0x0D, 0x0A]
        }
        return output
    }

    /// What a reader sees or acts upon; RFC 8058, 4 wants the List- fields among them.
    private static let wanted: Set<String> = [
        "from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type", "content-transfer-encoding",
        "in-reply-to", "references",
    ]

    /// The fields to sign; of several with one name the last comes first (RFC 6376, 5.4.2).
    private static func signed(_ fields: [DKIMCanonical.Field]) -> [DKIMCanonical.Field] {
        fields.reversed().filter { wanted.contains($0.name) || $0.name.hasPrefix("list-") }
    }

    private static func field(
        _ algorithm: DKIMKey.Algorithm, _ rule: DKIMRule, names: [String], bodyHash: String, time: Int
    ) -> String {
        var text = "DKIM-Signature: v=1; a=\(algorithm.rawValue); c=relaxed/relaxed;\r\n\td=\(rule.domain);\r\n"
        text += "\ts=\(rule.selector); t=\(time);\r\n\th="
        var column = 3
        for (index, name) in names.enumerated() {
            let word = name + (index + 1 < names.count ? ":" : ";")
            if column + word.utf8.count > 76 {
                text += "\r\n\t"
                column = 1
            }
            text += word
            column += word.utf8.count
        }
        return text + "\r\n\tbh=\(bodyHash);\r\n\tb="
    }
}
