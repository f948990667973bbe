import Domain

extension PolicyReading {
    /// By provider one price list, or several with the dates from and until which each holds.
    func readPrices(_ root: YAMLObject) -> [Price] {
        var prices: [Price] = []
        for (provider, place, value) in root.required("prices", "write `prices: {}` for none")?.entries() ?? [] {
            if let known = defined[.provider], !known.contains(provider) {
                value.file.report(
                    "there is no provider \(value.quoted(provider))", knownWords(provider, among: known), at: place,
                    path: value.path)
            }
            var own: [Price] = []
            for entry in value.isList ? value.items() : [value] {
                for price in readPriceList(provider, entry) {
                    if let other = own.first(where: { $0.prefix == price.prefix && $0.overlaps(price) }) {
                        let name = price.prefix.isEmpty ? "other" : price.prefix
                        entry.report(
                            "the price of \(name) overlaps another list's (\(other.currency), \(other.periodText))",
                            "let one end where the other begins: until of the earlier is from of the later")
                        break
                    }
                    own.append(price)
                }
            }
            prices += own
        }
        return prices
    }

    private func readPriceList(_ provider: String, _ value: YAMLValue) -> [Price] {
        guard let object = value.object(in: "prices.yaml") else { return [] }
        let currency = object.required("currency", "an ISO 4217 code such as EUR")?.currency()
        let from = object["from"]?.instant()
        let until = object["until"]?.instant()
        if let from, let until, until <= from {
            object["until"]?.report("is not after from", "from is the first instant of the price, until the first without it")
        }
        let micros = readByPrefix(object.required("per_segment", "prefix: millionths, such as +86: 6500")) {
            $0.integer(in: 0...1_000_000_000_000)
        }
        guard let currency else { return [] }
        return micros.sorted { $0.key < $1.key }.map { prefix, amount in
            Price(provider: provider, prefix: prefix, micros: Int64(amount), currency: currency, from: from, until: until)
        }
    }
}

extension Price {
    fileprivate func overlaps(_ other: Price) -> Bool {
        let first = max(from?.microseconds ?? .min, other.from?.microseconds ?? .min)
        return first < min(until?.microseconds ?? .max, other.until?.microseconds ?? .max)
    }

    fileprivate var periodText: String {
        switch (from, until) {
        case (nil, nil): "without dates"
        case (_?, nil): "without an end"
        case (nil, _?): "without a beginning"
        case (_?, _?): "with both dates"
        }
    }
}

extension YAMLValue {
    /// `2026-12-01` (midnight UTC) or `2026-12-01T00:00:00+08:00`.
    func instant() -> Timestamp? {
        guard let text = text(limit: 40) else { return nil }
        if let instant = Timestamp(configured: text) { return instant }
        report("\(quoted(text)) is not a date", "write 2026-12-01 (midnight UTC) or 2026-12-01T00:00:00+08:00")
        return nil
    }
}

extension Timestamp {
    /// A date (midnight UTC), or date and time with a zone: `2026-12-01T00:00:00Z`, `2026-12-01T00:00+08:00`. nil for anything else.
    public init?(configured text: String) {
        let shape = /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?(Z|[+\-][0-9]{2}:[0-9]{2}))?/
        guard let match = text.wholeMatch(of: shape), let year = Int64(match.1), let month = Int64(match.2),
            let day = Int64(match.3),
            (1970...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(of: month, year)
        else { return nil }
        func number(_ digits: Substring?) -> Int64 { digits.flatMap { Int64($0) } ?? 0 }
        let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
        let zone = match.7.map(String.init) ?? "Z"
        let offset =
            zone == "Z"
            ? 0 : (number(zone.dropFirst().prefix(2)) * 60 + number(zone.suffix(2)[...])) * (zone.hasPrefix("-") ? -1 : 1)
        guard hour < 24, minute < 60, second < 60, abs(offset) <= 18 * 60 else { return nil }
        let minutes = (Self.daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset
        self.init(microseconds: (minutes * 60 + second) * 1_000_000)
    }

    private static func days(of month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Of a date of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
