import Domain
import Foundation
import Text

/// What a finished run says on standard output: text for people, or one JSON object.
public struct Report: Sendable {
    public let text: String
    public let json: String
    /// 0: all is in; 1: there were rejects.
    public let exitCode: Int32

    public init(_ summary: ImportSummary) {
        let seconds = max(summary.took.inSeconds, 0.001)
        let rate = Int(Double(summary.enqueued) / seconds)
        var lines: [String] = []
        if let audience = summary.audience {
            lines.append(Self.text(of: summary, audience, seconds: seconds, rate: rate))
        } else if summary.enqueued == 0, summary.earlierLines > 0, summary.lines == summary.earlierLines {
            lines.append(
                "Nothing new: all \(Progress.grouped(summary.lines)) lines were in already. To enqueue the file once more pass another --import-id."
            )
        } else {
            let earlier = summary.earlierLines > 0 ? "; lines 1 to \(Progress.grouped(summary.earlierLines)) were in already" : ""
            lines.append(
                "Enqueued \(Progress.grouped(summary.enqueued)) message\(summary.enqueued == 1 ? "" : "s") in \(Self.seconds(seconds)) (\(Progress.grouped(rate)) rows/s)\(earlier)."
            )
        }
        if summary.rejected > 0, let path = summary.rejectsPath {
            lines.append(
                "Rejected \(Progress.grouped(summary.rejected)) record\(summary.rejected == 1 ? "" : "s"); each with its line, field and reason in \(path)"
            )
        }
        lines += Self.text(of: summary.reasons)
        if summary.endsWithoutLineFeed {
            lines.append("The last line has no line end; if the file was cut off, the rest is missing.")
        }
        lines += Self.text(of: summary.duplicates)
        text = lines.joined(separator: "\n")
        var object: [String: JSONValue] = [
            "import": .string(summary.importName), "lines": .int(summary.lines), "earlier_lines": .int(summary.earlierLines),
            "enqueued": .int(summary.enqueued), "rejected": .int(summary.rejected),
            "seconds": .double((seconds * 1000).rounded() / 1000), "rows_per_second": .int(rate),
            "duplicates": Self.object(of: summary.duplicates), "reasons": Self.object(of: summary.reasons),
        ]
        if let audience = summary.audience {
            object["audience"] = .string(audience)
            object["members"] = .int(summary.members)
        }
        if let path = summary.rejectsPath { object["rejects_file"] = .string(path) }
        json = JSONValue.object(object) { $0 }.line
        exitCode = summary.rejected > 0 ? 1 : 0
    }

    public init(_ summary: DryRunSummary) {
        var lines = [
            "Dry run: \(Progress.grouped(summary.records)) records, \(Progress.grouped(summary.rejected)) would be rejected; nothing was enqueued."
        ]
        for reject in summary.firstRejects {
            lines.append("  line \(reject.line): \(reject.field.map { "\($0) " } ?? "")\(reject.reason). \(reject.remedy)")
        }
        if summary.rejected > summary.firstRejects.count { lines += ["  …"] + Self.text(of: summary.reasons) }
        lines += Self.text(of: summary.duplicates) + Self.estimate(summary)
        text = lines.joined(separator: "\n")
        let object: [String: JSONValue] = [
            "records": .int(summary.records), "rejected": .int(summary.rejected), "reasons": Self.object(of: summary.reasons),
            "duplicates": Self.object(of: summary.duplicates),
            "segments": .object(Dictionary(uniqueKeysWithValues: summary.segments.map { ("\($0.key)", $0.value) })) { .int($0) },
            "encodings": .object(summary.encodings) { .int($0) }, "split": .int(summary.split),
            "unpriced": .int(summary.unpriced),
            "warnings": .object(summary.warnings) { .int($0) }, "cost_micros": .object(summary.cost) { .int($0) },
        ]
        json = JSONValue.object(object) { $0 }.line
        exitCode = summary.rejected > 0 ? 1 : 0
    }

    private static func estimate(_ summary: DryRunSummary) -> [String] {
        guard summary.hasPolicy else {
            return ["Not rendered: pass --policy and --templates to see segments and cost."]
        }
        var lines: [String] = []
        if !summary.segments.isEmpty {
            let parts = summary.segments.sorted { $0.key < $1.key }.map { "\(Progress.grouped($0.value)) × \($0.key)" }
            lines.append(
                "SMS segments: \(Progress.grouped(summary.totalSegments)) (messages × segments: \(parts.joined(separator: ", ")))"
            )
            let encodings = summary.encodings.sorted { $0.key < $1.key }.map {
                "\(Progress.grouped($0.value)) \($0.key.uppercased())"
            }
            lines.append("Encodings: \(encodings.joined(separator: ", "))")
        }
        if summary.split > 0 {
            lines.append(
                "\(Progress.grouped(summary.split)) SMS need more than one segment and cost as many times as much: GSM-7 fits 160 characters into one, UCS-2 70; a UCS-2 text of 71 is two segments and costs twice."
            )
        }
        for (currency, micros) in summary.cost.sorted(by: { $0.key < $1.key }) {
            lines.append("Estimated cost: \(amount(micros)) \(currency)")
        }
        if summary.unpriced > 0 { lines.append("\(Progress.grouped(summary.unpriced)) messages have no price in the policy.") }
        for (code, count) in summary.warnings.sorted(by: { $0.key < $1.key }) {
            lines.append("Warning \(code): \(Progress.grouped(count)) messages")
        }
        return lines
    }

    /// Millionths → `12.3456`
    static func amount(_ micros: Int64) -> String {
        var fraction = String(micros % 1_000_000)
        fraction = String(repeating: "0", count: 6 - fraction.count) + fraction
        while fraction.count > 2, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(Progress.grouped(Int(micros / 1_000_000))).\(fraction)"
    }

    private static func text(of summary: ImportSummary, _ audience: String, seconds: Double, rate: Int) -> String {
        let members = "audience \(audience): \(Progress.grouped(summary.members)) people"
        guard summary.enqueued > 0 || summary.earlierLines == 0 else { return "Nothing new: the list is finished; \(members)." }
        return
            "Imported \(Progress.grouped(summary.enqueued)) rows in \(Self.seconds(seconds)) (\(Progress.grouped(rate)) rows/s); \(members)."
    }

    private static func text(of reasons: [RejectReason]) -> [String] {
        // A field may be any name of the file's: thousands of them are not all shown.
        reasons.prefix(20).map {
            "  \(Progress.grouped($0.count)) × \($0.code)\($0.field.map { " \($0)" } ?? ""), first in line \(Progress.grouped($0.line)): \($0.reason)"
        } + (reasons.count > 20 ? ["  … and \(Progress.grouped(reasons.count - 20)) more kinds"] : [])
    }

    private static func object(of reasons: [RejectReason]) -> JSONValue {
        .list(reasons.prefix(100)) { reason in
            let object: JSONValue = [
                "code": .string(reason.code), "count": .int(reason.count), "line": .int(reason.line),
                "reason": .string(reason.reason),
            ]
            return reason.field.map { object.adding("field", .string($0)) } ?? object
        }
    }

    private static func text(of duplicates: DuplicateReport) -> [String] {
        var lines: [String] = []
        if duplicates.count > 0 {
            lines.append("\(Progress.grouped(duplicates.count)) records have a recipient of an earlier line:")
            lines += duplicates.examples.map { "  line \($0.line): \($0.recipient)" }
            if duplicates.count > duplicates.examples.count { lines.append("  …") }
        }
        if !duplicates.isComplete {
            lines.append("There were more recipients than can be remembered: later duplicates were not seen.")
        }
        return lines
    }

    private static func object(of duplicates: DuplicateReport) -> JSONValue {
        [
            "count": .int(duplicates.count), "complete": .bool(duplicates.isComplete),
            "examples": .list(duplicates.examples) { ["line": .int($0.line), "recipient": .string($0.recipient)] },
        ]
    }

    private static func seconds(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }
}
