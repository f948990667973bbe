import Domain
import Foundation
import NIOHTTP1

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date in one of HTTP's three spellings.
enum RetryAfter {
    /// How long to wait, nil: neither of these. What lies in the past is zero.
    /// - Parameter date: the answer's own `Date`: what it says counts from there, whatever our clock says.
    static func duration(_ text: String, date: String?, now: Date = Date()) -> Duration? {
        if let seconds = Double(text), seconds.isFinite, text.utf8.allSatisfy({ (0x2E...0x39).contains($0) }) {
            return .milliseconds(Int64(min(seconds, 1e9) * 1000))
        }
        guard let instant = parse(text) else { return nil }
        let from = date.flatMap { parse($0) } ?? now
        return .milliseconds(Int64(max(0, min(1e9, instant.timeIntervalSince(from))) * 1000))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994` (RFC 9110, 5.6.7).
    static func parse(_ text: String) -> Date? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        let fields: (day: String, month: String, year: String, time: String)
        if words.count == 6, words[5] == "GMT" {
            fields = (words[1], words[2], words[3], words[4])
        } else if words.count == 5, words[3].contains(":") {
            fields = (words[2], words[1], words[4], words[3])
        } else {
            return nil
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = fields.time.split(separator: ":").compactMap { Int($0) }
        guard let month = months.firstIndex(of: fields.month), let day = Int(fields.day), (1...31).contains(day),
            var year = Int(fields.year), (0...9999).contains(year), time.count == 3, time[0] < 24, time[1] < 60, time[2] <= 60
        else { return nil }
        // Two digits mean the past as soon as they would be more than 50 years ahead.
        if fields.year.count == 2 { year += year < 76 ? 2000 : 1900 }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.date(
            from: DateComponents(year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2]))
    }
}
