import Domain
import Foundation

extension PolicyReading {
    func readSenders(_ root: YAMLObject) -> (String?, [String: Sender]) {
        var senders: [String: Sender] = [:]
        for (name, value) in definitions(.sender, "senders", of: root) {
            guard let object = value.object(in: "senders.yaml") else { continue }
            senders[name] = readSender(name, object)
        }
        let first = root.required("default", "the sender of messages and classes that name none")
        return (first.flatMap { reference(.sender, $0) }, senders)
    }

    private func readSender(_ key: String, _ object: YAMLObject) -> Sender? {
        let zone = object.required("time_zone", "IANA name such as Europe/Berlin, for recipients without their own")?.timeZone()
        let locale = object.required("default_locale", "such as en or zh-CN")?.locale()
        let smsPools = object["sms_from"].map(readPools) ?? [:]
        let emailFrom = object["email_from"]?.mailbox()
        if object["sms_from"] == nil, object["email_from"] == nil {
            object.value.report("has neither sms_from nor email_from", "give at least one")
        }
        guard let zone, let locale else { return nil }
        return Sender(
            key: key, smsPools: smsPools, emailFrom: emailFrom, emailName: object["email_name"]?.line(limit: 100),
            replyTo: object["reply_to"]?.mailbox(), timeZone: zone,
            defaultCountry: object["default_country"]?.prefix(), defaultLocale: locale,
            signatures: readByPrefix(object["signatures"]) { $0.line(limit: 60) },
            optOutPhrases: readByPrefix(object["opt_out"]) { $0.line(limit: 100) })
    }
}

/// One sender id or number for everybody, or by country prefix one or a list of them.
private func readPools(_ value: YAMLValue) -> [String: [String]] {
    guard value.isMapping else { return value.smsOrigin().map { ["": [$0]] } ?? [:] }
    let pools = readByPrefix(value) { entry -> [String]? in
        guard entry.isList else { return entry.smsOrigin().map { [$0] } }
        let items = entry.items()
        if items.isEmpty || items.count > 100 {
            entry.report("names \(items.count) numbers", "name 1 to 100, or leave the country out")
        }
        let pool = items.compactMap { $0.smsOrigin() }
        if Set(pool).count < pool.count { entry.report("names a number twice", "name each once") }
        return pool
    }
    if pools.isEmpty {
        value.report("names no number", "write a number, or a number or a list of numbers for each country prefix")
    }
    return pools
}

/// A mapping from country prefix (`+86`, `other` for the rest) to whatever `read` makes of the value.
func readByPrefix<Value>(_ value: YAMLValue?, _ read: (YAMLValue) -> Value?) -> [String: Value] {
    var found: [String: Value] = [:]
    for (key, place, entry) in value?.entries() ?? [] {
        guard key == "other" || isPrefix(key) else {
            entry.file.report(
                "\(entry.quoted(key)) is not a country prefix", "write + and 1 to 15 digits, or other for the rest",
                at: place, path: entry.path)
            continue
        }
        found[key == "other" ? "" : key] = read(entry)
    }
    return found
}

func isPrefix(_ text: String) -> Bool {
    text.wholeMatch(of: /\+[1-9][0-9]{0,14}/) != nil
}

extension YAMLValue {
    /// A text without line breaks and control characters.
    func line(limit: Int) -> String? {
        guard let text = text(limit: limit) else { return nil }
        if text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) { return text }
        report("contains a line break or control character", "write one line")
        return nil
    }

    func timeZone() -> String? {
        guard let text = text(limit: 64) else { return nil }
        let isShaped = text == "UTC" || text.wholeMatch(of: /[A-Za-z_]+(\/[A-Za-z0-9_+\-]+)+/) != nil
        if isShaped, TimeZone(identifier: text) != nil { return text }
        report("\(quoted(text)) is not an IANA time zone", "write UTC or a name such as Asia/Shanghai")
        return nil
    }

    func locale() -> String? {
        guard let text = text(limit: 35) else { return nil }
        if isLocale(text) { return text }
        report("\(quoted(text)) is not a locale", "write a BCP 47 tag such as en, de or zh-CN")
        return nil
    }

    /// `+86`.
    func prefix() -> String? {
        guard let text = text() else { return nil }
        if isPrefix(text) { return text }
        report("\(quoted(text)) is not a country prefix", "write + and 1 to 15 digits, such as +86")
        return nil
    }

    /// An alphanumeric sender id of at most 11 characters, or a number of at most 15 digits.
    func smsOrigin() -> String? {
        guard let text = text() else { return nil }
        if text.wholeMatch(of: /\+?[0-9]{3,20}/) != nil || text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9 \-]{0,10}/) != nil {
            return text
        }
        report("\(quoted(text)) is not a sender id", "write a number, or at most 11 letters and digits")
        return nil
    }

    func mailbox() -> String? {
        guard let text = text(limit: 254) else { return nil }
        if text.wholeMatch(of: /[^\s@<>"(),;:\\]{1,64}@[^\s@<>"(),;:\\]+\.[^\s@<>"(),;:\\.]+/) != nil { return text }
        report("\(quoted(text)) is not a mailbox", "write name@example.com; the display name goes into email_name")
        return nil
    }
}

/// Language, optional script, optional region (`en`, `zh-CN`, `zh-Hant-TW`), as far as templates need BCP 47.
func isLocale(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?/) != nil
}
