import Domain

/// How far an import has come, as one line for people.
public struct Progress: Sendable {
    var importedName = ""
    /// Bytes of the file; nil for pipes.
    public var size: Int64?
    public var consumed: Int64 = 0
    public var lines = 0
    /// Rows enqueued by this run.
    public var enqueued = 0
    public var rejected = 0
    /// Bytes that were read only to find the place of an earlier run's end.
    var skipped: Int64 = 0

    public init() {}

    public mutating func take(_ event: ImportEvent) {
        switch event {
        case .began(let name, _, let size):
            importedName = name
            self.size = size
        case .advanced(let summary, let consumed):
            // The first chunk of a resumed import comes after all that was skipped.
            if self.consumed == 0, summary.earlierLines > 0 { skipped = consumed }
            self.consumed = consumed
            lines = summary.lines
            enqueued = summary.enqueued
            rejected = summary.rejected
        case .trouble: break
        }
    }

    /// 0…1, nil when it is not known.
    var fraction: Double? {
        guard let size, size > 0 else { return nil }
        return min(1, Double(consumed) / Double(size))
    }

    /// `[#######-------------] 35 %  12,400 rows/s  ETA 0:01:12  line 434,000  3 rejected`
    public func bar(after elapsed: Duration, width: Int = 20) -> String {
        var parts: [String] = []
        if let fraction {
            let full = Int(fraction * Double(width))
            parts.append(
                "[\(String(repeating: "#", count: full))\(String(repeating: "-", count: width - full))] \(Int(fraction * 100)) %")
        }
        return (parts + figures(after: elapsed)).joined(separator: "  ")
    }

    /// The same without the bar: `35 %, 12,400 rows/s, ETA 0:01:12, line 434,000, 3 rejected`
    public func line(after elapsed: Duration) -> String {
        ((fraction.map { ["\(Int($0 * 100)) %"] } ?? []) + figures(after: elapsed)).joined(separator: ", ")
    }

    private func figures(after elapsed: Duration) -> [String] {
        let seconds = max(elapsed.inSeconds, 0.001)
        var parts = ["\(Self.grouped(Int(Double(enqueued) / seconds))) rows/s"]
        if let size, consumed > skipped {
            let rest = Double(size - consumed) / (Double(consumed - skipped) / seconds)
            parts.append("ETA \(Self.clock(rest))")
        }
        if size == nil { parts.append("\(Self.bytes(consumed)) read") }
        parts.append("line \(Self.grouped(lines))")
        if rejected > 0 { parts.append("\(Self.grouped(rejected)) rejected") }
        return parts
    }

    /// 1234567 → `1,234,567`
    public static func grouped(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var groups: [Substring] = []
        var rest = digits[...]
        while rest.count > 3 {
            groups.insert(rest.suffix(3), at: 0)
            rest = rest.dropLast(3)
        }
        return (number < 0 ? "-" : "") + ([rest] + groups).joined(separator: ",")
    }

    /// 1234567 → `1.2 MB`
    static func bytes(_ count: Int64) -> String {
        if count < 1000 { return "\(count) B" }
        var (value, unit) = (Double(count) / 1000, 0)
        while value >= 999.95, unit < 3 { (value, unit) = (value / 1000, unit + 1) }
        return "\((value * 10).rounded() / 10) \(["kB", "MB", "GB", "TB"][unit])"
    }

    /// Seconds → `1:02:03`
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 360_000 else { return "?" }
        let total = Int(seconds.rounded(.up))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(total / 3600):\(two(total / 60 % 60)):\(two(total % 60))"
    }
}
