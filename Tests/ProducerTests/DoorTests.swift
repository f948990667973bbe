import Foundation
import Postgres
import Store
import TestSupport
import Testing

@testable import Producer

@Suite("What is wrong with a whole file is said once", .serialized, .scratchDatabase(producerTemplate))
struct DoorTests {
    private func importing(_ options: ImportOptions) async throws -> ImportSummary {
        let database = Database(
            DatabaseOptions(conninfo: try ScratchDatabase.required().conninfo, applicationName: "tests", connections: 2))
        var options = options
        options.patience = .seconds(5)
        let summary = try await Importer(options, database: database, stop: StopFlag()).run()
        await database.close()
        return summary
    }

    private func messages() async throws -> Int {
        let connection = try await ScratchDatabase.required().connect()
        let count = try await connection.value("select count(*) from martlet_data.messages")
        await connection.close()
        return Int(count ?? "") ?? -1
    }

    private func pushTemplate() async throws {
        let connection = try await ScratchDatabase.required().connect()
        try await connection.execute(
            script: """
                insert into martlet_data.templates (key, channel, locale, version, body, required) values ('code', 'sms', 'en', 1, 'x', '{code,until}')
                    on conflict do nothing
                """)
        await connection.close()
    }

    @Test(
        "rows that lack what the template requires are rejected with all missing names, thousands of them in reasonable time",
        .timeLimit(.minutes(1)))
    func missingVariables() async throws {
        try await pushTemplate()
        let rows = (0..<3_000).map {
            "marketing,sms,+447\(700_100_000 + $0),code,\($0 % 3 == 0 ? "" : "12"),\($0 == 7 ? "noon" : "")\n"
        }
        let file = try TemporaryFile("\(required),code,until\n" + rows.joined())
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.enqueued == 1 && summary.rejected == 2_999)
        let rejects = try lines(file.rejectsPath)
        #expect(rejects.allSatisfy { $0["code"] as? String == "MT025" && $0["field"] as? String == "variables" })
        #expect((rejects[0]["reason"] as? String)?.hasPrefix("code, until are missing or empty") == true)
        #expect((rejects[1]["reason"] as? String)?.hasPrefix("until is missing or empty") == true)
        #expect(summary.reasons.map(\.count) == [2_999] && summary.reasons.first?.line == 2)
        #expect(Report(summary).text.contains("2,999 × MT025 variables, first in line 2: code, until are missing"))
        var unchecked = ImportOptions(path: file.path)
        unchecked.importID = "unchecked"
        unchecked.checksTemplates = false
        #expect(try await importing(unchecked).enqueued == 3_000)
    }

    @Test(
        "a flag for the whole file that the server does not know ends the import at once",
        arguments: [
            ("template", "sael", "--template sael: there is no template 'sael' for channel sms. Did you mean sale?"),
            ("class", "marketting", "--class marketting: unknown class 'marketting'. Did you mean marketing?"),
            (
                "time_zone", "Europe/Londn",
                "--time-zone Europe/Londn: unknown time zone 'Europe/Londn'. Did you mean Europe/London?"
            ),
            ("locale", "fr", "--locale fr: template sale has no text on channel sms for locale 'fr'"),
        ])
    func wrongFlag(name: String, value: String, expected: String) async throws {
        let file = try TemporaryFile("recipient\n" + (0..<50).map { "+447\(700_200_000 + $0)\n" }.joined())
        var options = ImportOptions(path: file.path)
        options.defaults = ["class": "marketing", "channel": "sms", "template": "sale"]
        options.defaults[name] = value
        let chosen = options
        let before = try await messages()
        let error = await #expect(throws: ProducerError.self) { try await importing(chosen) }
        #expect(error?.exitCode == 64)
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
        #expect(try await messages() == before)
        #expect(!FileManager.default.fileExists(atPath: file.rejectsPath))
    }

    @Test("a value of one line that the server does not know rejects that line alone")
    func wrongLine() async throws {
        let file = try TemporaryFile("\(required)\nmarketing,sms,+447700300001,sael\nmarketing,sms,+447700300002,sale\n")
        var options = ImportOptions(path: file.path)
        options.defaults = ["template": "other"]
        let summary = try await importing(options)
        #expect(summary.enqueued == 1 && summary.rejected == 1)
    }

    @Test("the same file with another value for all its lines is reported, not gone on with")
    func otherDefaults() async throws {
        let file = try TemporaryFile("recipient\n+447700400001\n")
        var options = ImportOptions(path: file.path)
        options.defaults = ["class": "marketing", "channel": "sms", "template": "sale"]
        #expect(try await importing(options).enqueued == 1)
        #expect(try await importing(options).enqueued == 0)
        options.defaults["group_key"] = "spring"
        options.defaults["template"] = "code"
        let chosen = options
        let error = await #expect(throws: ProducerError.self) { try await importing(chosen) }
        #expect(error?.exitCode == 64)
        #expect(
            error?.description.contains("group_key 'spring' instead of none, template 'code' instead of 'sale'") == true,
            "\(error?.description ?? "")")
        // The program says it once, and does not try again what cannot pass.
        let program = try ProducerProgram(conninfo: ScratchDatabase.required().conninfo)
        let child = try program.start(
            [file.path, "--class", "marketing", "--channel", "sms", "--template", "sale", "--group-key", "spring"])
        #expect(try await child.wait() == 64)
        #expect(child.output.matches(of: /instead of/).count == 1, "\(child.output)")
    }

    @Test(
        "a file without records is no success",
        arguments: ["", "\n\n", "class,channel,recipient,template\n", "class,channel,recipient,template\n\n,,,\n"])
    func nothing(text: String) async throws {
        let file = try TemporaryFile(text)
        let error = await #expect(throws: ProducerError.self) { try await importing(ImportOptions(path: file.path)) }
        #expect(error?.exitCode == 65)
        #expect(error?.description.contains("has no records") == true, "\(error?.description ?? "")")
    }

    @Test("a second run of a file is told that the first is at work, and touches none of its rejects")
    func secondRun() throws {
        let file = try TemporaryFile("x")
        let first = try RejectFile(path: file.rejectsPath, withRecord: true)
        try first.start(after: 0)
        try first.write([Reject(3, nil, "bad_csv", "a", "b", record: "c")])
        first.keep()
        let error = #expect(throws: ProducerError.self) { try RejectFile(path: file.rejectsPath, withRecord: true) }
        #expect(error?.exitCode == 75)
        try first.write([Reject(9, nil, "bad_csv", "of a chunk that is not in", "b", record: "c")])
        try first.discard()
        #expect(try lines(file.rejectsPath).map { $0["line"] as? Int } == [3])
    }

    @Test("without rejects there is no reject file, and the next run takes its name")
    func noRejects() throws {
        let file = try TemporaryFile("x")
        do {
            let run = try RejectFile(path: file.rejectsPath, withRecord: true)
            try run.start(after: 0)
            try run.write([Reject(3, nil, "bad_csv", "a", "b", record: "c")])
            try run.discard()
        }
        #expect(!FileManager.default.fileExists(atPath: file.rejectsPath))
        let next = try RejectFile(path: file.rejectsPath, withRecord: true)
        try next.start(after: 0)
        withExtendedLifetime(next) { #expect(FileManager.default.fileExists(atPath: file.rejectsPath)) }
    }
}

@Suite("Headers")
struct HeaderTests {
    private func problem(_ text: String, _ header: Header = Header()) -> String {
        var parser = CSVParser(delimiter: UInt8(ascii: ","))
        guard case .record(let fields) = parser.feed(Line(bytes: Array(text.utf8), number: 1)) else { return "no CSV" }
        do { return try header.columns(fields, of: text).joined(separator: " ") } catch { return error.description }
    }

    @Test("all mistakes of a header are named at once")
    func all() {
        let said = problem("Class,recipient,Group Key,order.number,recipient,,x")
        for part in [
            "a column `Class`: did you mean `class`?", "a column `Group Key`: did you mean `group_key`?", "column `order.number`",
            "`recipient` is there twice",
            "column 6 has no name", "no column `class`", "no column `channel`: add it, or pass --channel", "no column `template`",
        ] {
            #expect(said.contains(part), "\(said)")
        }
    }

    @Test("another delimiter is recognised")
    func delimiter() {
        #expect(problem("class;channel;recipient;template").contains("pass --delimiter ';'"))
        #expect(problem("class\tchannel\trecipient\ttemplate").contains("pass --delimiter 'tab'"))
        let header = Header(defaults: ["class": "a", "channel": "b", "template": "c"])
        #expect(problem("recipient|name", header).contains("pass --delimiter '|'"))
        #expect(!problem("phone|name", header).contains("--delimiter"))
    }

    @Test(
        "without --delimiter the header tells it",
        arguments: [
            ("class;channel;recipient;template\n", ";"), ("recipient\tname\n+44\tAnn\n", "\t"), ("recipient,name\n", ","),
            ("a;b\n", ","), ("sep=|\na|b\n", "|"),
            ("\u{FEFF}\r\nrecipient;\"a,b\"\r\n", ";"), ("", ","), ("recipient\n", ","),
        ])
    func sniffed(text: String, delimiter: String) throws {
        var options = ImportOptions(path: "list.csv")
        #expect(try options.format(beginning: Array(text.utf8)) == .csv(delimiter: Array(delimiter.utf8)[0]))
        options.delimiter = UInt8(ascii: "#")
        #expect(try options.format(beginning: Array(text.utf8)) == .csv(delimiter: UInt8(ascii: "#")))
    }

    @Test("a column or key may have another name in the file")
    func names() throws {
        var options = ImportOptions(path: nil)
        try options.setNames(["phone=recipient", "First Name=name"])
        #expect(
            problem("class,channel,phone,template,First Name", Header(names: options.names))
                == "class channel recipient template name")
        #expect(
            problem("class,channel,recipient,template", Header(names: options.names)).contains(
                "no column `phone`, which --map names"))
        var builder = RowBuilder(defaults: [:], names: options.names)
        let row = try builder.row(line: Array(#"{"phone": "+441", "First Name": "Ann"}"#.utf8))
        #expect(row["recipient"] == "+441" && row["variables"] == #"{"name":"Ann"}"#)
        for wrong in [["phone"], ["phone="], ["=recipient"], ["a=recipient", "b=recipient"], ["a=b", "a=c"]] {
            var options = ImportOptions(path: nil)
            #expect(throws: ProducerError.self, "\(wrong)") { try options.setNames(wrong) }
        }
    }

    @Test(
        "of standard input the bytes are shown",
        arguments: [
            (0, "0 B read"), (999, "999 B read"), (1_500, "1.5 kB read"), (12_345_678, "12.3 MB read"),
            (999_990_000, "1.0 GB read"),
        ])
    func bytes(count: Int, expected: String) {
        var progress = Progress()
        progress.take(.advanced(ImportSummary(), consumed: Int64(count)))
        #expect(progress.line(after: .seconds(1)).contains(expected))
    }
}
