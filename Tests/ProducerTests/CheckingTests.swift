import Foundation
import Store
import Testing

@testable import Producer

@Suite("Checks of a row")
struct CheckingTests {
    private func row(_ change: [String: String]) -> BulkRow {
        var row = BulkRow()
        let values = ["class": "marketing", "channel": "sms", "recipient": "+447700900123", "template": "sale"].merging(change) {
            $1
        }
        for (name, value) in values { row[name] = value.isEmpty ? nil : value }
        return row
    }

    @Test(
        "a row that the server would take passes",
        arguments: [
            [:], ["recipient": "07700 900-123"], ["recipient": "0044 7700 900123"],
            ["channel": "email", "recipient": "a.b+c@Example.com"],
            ["channel": "push", "recipient": "任意"], ["scheduled_at": "2026-05-01T09:00:00+02:00"],
            ["expires_at": "2026-05-01 09:00:00.123Z"],
            ["group_key": String(repeating: "é", count: 256)],
        ])
    func passes(change: [String: String]) throws { try RowCheck.check(row(change)) }

    @Test(
        "a row that it would not take is rejected for the right field",
        arguments: [
            (["class": ""], "class"), (["recipient": ""], "recipient"), (["recipient": "+0123456789"], "recipient"),
            (["recipient": "+44x"], "recipient"),
            (["recipient": "call me"], "recipient"), (["channel": "email", "recipient": "a@b"], "recipient"),
            (["channel": "email", "recipient": "Ann <a@b.c>"], "recipient"),
            (["channel": "email", "recipient": "a@b..c"], "recipient"),
            (["channel": "email", "recipient": "a\r\nx@b.c"], "recipient"),
            (["scheduled_at": "2026-05-01 09:00"], "scheduled_at"),
            (["scheduled_at": "tomorrow"], "scheduled_at"), (["expires_at": "infinity"], "expires_at"),
            (["group_key": "a\nb"], "group_key"),
            (["group_key": String(repeating: "x", count: 257)], "group_key"), (["locale": "a\u{85}b"], "locale"),
        ])
    func rejects(change: [String: String], field: String) {
        let problem = #expect(throws: Problem.self) { try RowCheck.check(row(change)) }
        #expect(problem?.field == field)
    }

    @Test("one recipient in several spellings is one, on its channel")
    func duplicates() {
        var seen = DuplicateRecipients()
        let spellings = [
            (["recipient": "+447700900123"], false), (["recipient": "00447700 900123"], true),
            (["recipient": "+44 (7700) 900-123"], true),
            (["recipient": "+447700900124"], false), (["channel": "email", "recipient": "Ann@Example.COM"], false),
            (["channel": "email", "recipient": "Ann@example.com"], true),
            (["channel": "email", "recipient": "ann@example.com"], true),
            (["channel": "email", "recipient": "bob@example.com"], false),
        ]
        let found = spellings.map { seen.sawBefore(row($0.0)) }
        #expect(found == spellings.map(\.1))
    }

    @Test("100,000 recipients are kept apart, and a full table says that it is full")
    func table() {
        func numbered(_ number: Int) -> BulkRow { row(["recipient": "+44\(7_700_000_000 + number)"]) }
        var seen = DuplicateRecipients()
        let first = (0..<100_000).count { seen.sawBefore(numbered($0)) }
        let second = (0..<100_000).count { seen.sawBefore(numbered($0)) }
        #expect(first == 0 && second == 100_000)
        #expect(seen.count == 100_000 && !seen.isFull)
        var small = DuplicateRecipients(maximumSlots: 64)
        for number in 0..<100 { _ = small.sawBefore(numbered(number)) }
        #expect(small.count == 48 && small.isFull)
        let isKnown = small.sawBefore(numbered(0))
        #expect(isKnown)
    }

    @Test("a reject is one line of JSON, with or without its record")
    func rejectLine() throws {
        let reject = Reject(7, "recipient", "MT003", "a \"b\"\n", "c", record: "x\ty")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(reject.encoded(withRecord: true).utf8)) as? [String: Any])
        #expect(object["line"] as? Int == 7)
        #expect(object["reason"] as? String == "a \"b\"\n")
        #expect(object["record"] as? String == "x\ty")
        #expect(
            reject.encoded(withRecord: false)
                == #"{"line":7,"field":"recipient","code":"MT003","reason":"a \"b\"\n","remedy":"c"}"# + "\n")
    }

    @Test("progress is a bar with percent, rate and time left, or a plain line")
    func progress() {
        var progress = Progress()
        progress.take(.began(importName: "x", doneLines: 0, size: 1_000_000))
        var summary = ImportSummary()
        summary.enqueued = 12_400
        summary.lines = 12_500
        summary.rejected = 3
        progress.take(.advanced(summary, consumed: 250_000))
        #expect(
            progress.bar(after: .seconds(10)) == "[#####---------------] 25 %  1,240 rows/s  ETA 0:00:30  line 12,500  3 rejected"
        )
        #expect(progress.line(after: .seconds(10)) == "25 %, 1,240 rows/s, ETA 0:00:30, line 12,500, 3 rejected")
        progress.take(.began(importName: "x", doneLines: 0, size: nil))
        #expect(progress.line(after: .seconds(10)) == "1,240 rows/s, 250.0 kB read, line 12,500, 3 rejected")
    }

    @Test(
        "the format follows from the name, else by the first character",
        arguments: [
            ("a.csv", "x", FileFormat.csv(delimiter: 44)), ("a.tsv.gz", "x", .csv(delimiter: 9)), ("a.jsonl.gz", "x", .ndjson),
            ("a", " \n{", .ndjson),
            ("a", "class", .csv(delimiter: 44)),
        ])
    func format(path: String, beginning: String, expected: FileFormat) throws {
        #expect(try ImportOptions(path: path).format(beginning: Array(beginning.utf8)) == expected)
    }

    @Test("UTF-16 is refused with a way out")
    func utf16() {
        let error = #expect(throws: ProducerError.self) {
            try ImportOptions(path: "a.csv").format(beginning: [0xFF, 0xFE, 0x41, 0])
        }
        #expect(error?.description.contains("iconv") == true)
    }
}
