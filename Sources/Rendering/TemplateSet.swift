import Domain

/// The templates of one key and channel, by locale: picks the one a recipient gets.
public struct TemplateSet: Sendable {
    private let byLocale: [String: ParsedTemplate]

    /// Of several versions of one locale the highest counts.
    public init(_ templates: [ParsedTemplate]) {
        byLocale = Dictionary(templates.map { (Self.canonical($0.template.locale), $0) }) {
            $0.template.version >= $1.template.version ? $0 : $1
        }
    }

    /// The best template for a message, or nil when not even `default` is there.
    public func best(for locale: String?, sender defaultLocale: String) -> ParsedTemplate? {
        // Keys are canonical: what is found as it is written is the first candidate.
        if let locale, let found = byLocale[locale] { return found }
        for candidate in Self.fallbacks(for: locale, sender: defaultLocale) {
            if let found = byLocale[candidate] { return found }
        }
        return nil
    }

    /// Locales to look for, best first: `zh-Hant-TW`, `zh-Hant`, `zh`, `default` (RFC 4647, section 3.4). A message without a
    /// locale has its sender's.
    static func fallbacks(for locale: String?, sender defaultLocale: String) -> [String] {
        let wanted = locale.flatMap { $0.isEmpty ? nil : $0 } ?? defaultLocale
        var parts = canonical(wanted).split(separator: "-")
        var result: [String] = []
        while !parts.isEmpty {
            result.append(parts.joined(separator: "-"))
            parts.removeLast()
            // A single letter only introduces what followed it.
            if parts.last?.utf8.count == 1 { parts.removeLast() }
        }
        if result.last != "default" { result.append("default") }
        return result
    }

    /// One spelling per locale: `ZH_hant_tw` → `zh-Hant-TW` (RFC 5646, section 2.1.1).
    public static func canonical(_ locale: String) -> String {
        let parts = locale.split { $0 == "-" || $0 == "_" }
        return parts.enumerated().map { index, part in
            let lower = part.lowercased()
            guard index > 0 else { return lower }
            switch part.utf8.count {
            case 2: return part.uppercased()
            case 4: return lower.prefix(1).uppercased() + lower.dropFirst()
            default: return lower
            }
        }.joined(separator: "-")
    }
}
