/// An address as logs may show it: enough to recognise one's own, too little to write to.
///
/// `+8613800001234` → `+86138****1234`, `ann@example.com` → `a**@example.com`. A short number keeps less; anything else keeps its
/// first character.
public func masked(_ address: String) -> String {
    if let at = address.lastIndex(of: "@"), at != address.startIndex {
        let stars = min(max(address.distance(from: address.startIndex, to: at) - 1, 1), 8)
        return "\(address.prefix(1))\(String(repeating: "*", count: stars))\(address[at...])"
    }
    let count = address.count
    guard count >= 9, address.dropFirst().allSatisfy(\.isNumber) else { return "\(address.prefix(1))***" }
    let kept = min(6, count - 8)
    return "\(address.prefix(kept))\(String(repeating: "*", count: count - kept - 4))\(address.suffix(4))"
}

/// What is taken out of log lines: secrets wholly, addresses down to their mask.
enum Redaction {
    /// Metadata under these keys is never shown: secrets, and what the recipient reads.
    private static let hiddenKeys = [
        "password", "secret", "token", "authorization", "api_key", "private_key", "credential", "body", "variables", "html",
        "conninfo",
    ]
    private static let addressKeys: Set<String> = ["address", "to", "recipient", "recipient_key"]

    /// The text that may be logged for `value` under the metadata key `key`.
    static func value(_ value: String, key: String) -> String {
        let name = key.lowercased()
        if hiddenKeys.contains(where: { name.hasSuffix($0) }) { return "***" }
        return addressKeys.contains(name) ? masked(value) : text(value)
    }

    /// `text` without passwords in URLs and `key=value` pairs, bearer and basic credentials, and with addresses masked.
    static func text(_ text: String) -> String {
        var result = text
        let bytes = text.utf8
        if bytes.contains(UInt8(ascii: ":")) || bytes.contains(UInt8(ascii: "=")) { result = withoutSecrets(result) }
        if bytes.contains(UInt8(ascii: "@")) {
            result = result.replacing(/[^\s@<>"'=:,;*\/]+@[^\s@<>"'=:,;\/*]+\.[A-Za-z0-9\-]+/) { masked(String($0.output)) }
        }
        if bytes.contains(UInt8(ascii: "+")) {
            result = result.replacing(/\+[1-9][0-9]{7,14}/) { masked(String($0.output)) }
        }
        return result
    }

    private static func withoutSecrets(_ text: String) -> String {
        // A password may hold an unescaped @ or /: everything up to the last @ of the word belongs to user and password.
        let inURL = /(?<start>[A-Za-z][A-Za-z0-9+.\-]*:\/\/[^\s:@\/]*):\S*@/
        let inPairs =
            /(?<start>[A-Za-z_\-]*(?:password|passwd|secret|token|api_key)["']?\s*[=:]\s*)(?:'[^']*'?|"[^"]*"?|[^\s"'&,;]+)/
            .ignoresCase()
        let inHeader = /(?<start>\b(?:Bearer|Basic)\s+)[A-Za-z0-9+\/=._~\-]{8,}/.ignoresCase()
        return
            text
            .replacing(inURL) { "\($0.start):***@" }
            .replacing(inPairs) { "\($0.start)***" }
            .replacing(inHeader) { "\($0.start)***" }
    }
}
