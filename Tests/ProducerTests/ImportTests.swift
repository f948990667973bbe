import Foundation
import Glibc
import Postgres
import Store
import TestSupport
import Testing

@testable import Producer

@Suite("Imports", .scratchDatabase(producerTemplate))
struct ImportTests {
    private func importing(_ options: ImportOptions, stop: StopFlag = StopFlag()) async throws -> ImportSummary {
        let conninfo = try ScratchDatabase.required().conninfo
        let database = Database(DatabaseOptions(conninfo: conninfo, applicationName: "tests", connections: 2))
        var options = options
        options.patience = .seconds(5)
        options.connections = 2
        let summary = try await Importer(options, database: database, stop: stop).run()
        await database.close()
        return summary
    }

    private func keys(_ prefix: String) async throws -> [String: Int] {
        let connection = try await ScratchDatabase.required().connect()
        let found = try await groupKeys(connection).filter { $0.key.hasPrefix(prefix) }
        await connection.close()
        return found
    }

    private func csv(_ prefix: String, _ range: Range<Int>, change: (Int) -> String? = { _ in nil }) -> String {
        "\(required),group_key,code\n"
            + range.map { change($0) ?? "marketing,sms,+447\(700_000_000 + $0),sale,\(prefix)\($0),\"c,\($0)\"" }.map {
                $0 + "\n"
            }.joined()
    }

    @Test("every record becomes one message with its variables, and the second run has nothing to do")
    func all() async throws {
        let file = try TemporaryFile(csv("all", 0..<2_500))
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.enqueued == 2_500 && summary.rejected == 0 && summary.lines == 2_501)
        #expect(try await keys("all") == Dictionary(uniqueKeysWithValues: (0..<2_500).map { ("all\($0)", 1) }))
        let connection = try await ScratchDatabase.required().connect()
        let row = try await connection.query(
            PQCall("one", "select variables->>'code', address from martlet_data.messages where group_key = 'all7'")
        ).only
        #expect(try row.text(0) == "c,7")
        #expect(try row.text(1) == "+447700000007")
        let again = try await importing(ImportOptions(path: file.path))
        #expect(again.enqueued == 0 && again.earlierLines == 2_501)
        #expect(try await keys("all").count == 2_500)
        #expect(!FileManager.default.fileExists(atPath: file.rejectsPath))
        var other = ImportOptions(path: file.path)
        other.importID = "all, once more"
        #expect(try await importing(other).enqueued == 2_500)
    }

    @Test("chunks on their way at once that hold the same idempotency keys do not wait for each other in a circle")
    func sameKeys() async throws {
        let header = "\(required),group_key,idempotency_key\n"
        let text = header + (0..<300).map { "marketing,sms,+447720000000,sale,same,same \($0 % 2)\n" }.joined()
        let file = try TemporaryFile(text)
        var options = ImportOptions(path: file.path)
        options.batch = 2
        options.duplicates = .ignore
        let summary = try await importing(options)
        #expect(summary.enqueued == 300 && summary.rejected == 0)
        #expect(try await keys("same") == ["same": 2])
    }

    @Test("a record may say what follows if it fails; a wrong follow-up rejects its record alone")
    func followUps() async throws {
        func line(_ index: Int, _ followUp: String) -> String {
            """
            {"class":"marketing","channel":"sms","recipient":"+44771\(1_000_000 + index)","template":"sale","group_key":"fol\(index)","code":"x","follow_up":\(followUp)}

            """
        }
        let good = #"{"condition":"undelivered","channel":"sms","recipient":"+447700900001"}"#
        let text = (0..<40).map {
            switch $0 {
            case 7: line($0, #"{"condition":"undelivered","channel":"fax","recipient":"+447700900001"}"#)
            case 9: line($0, #""not_opened""#)
            case 20...: line($0, "null")
            default: line($0, good)
            }
        }.joined()
        let file = try TemporaryFile(text, name: "list.ndjson")
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.enqueued == 38 && summary.rejected == 2)
        let rejects = try lines(file.rejectsPath).map {
            "\($0["line"] ?? "?") \($0["field"] ?? "?") \($0["code"] ?? "?") \($0["reason"] ?? "?")"
        }
        #expect(
            rejects == [
                "8 follow_up MT002 field channel: unknown channel 'fax'",
                "10 follow_up bad_type must be a JSON object, not a JSON text",
            ])
        let connection = try await ScratchDatabase.required().connect()
        let count = try await connection.query(
            PQCall(
                "count",
                "select count(*) from martlet_data.follow_ups f join martlet_data.messages m on m.id = f.message_id where m.group_key like 'fol%'"
            )
        ).only.int8(0)
        #expect(count == 18)
    }

    @Test("what the server alone can refuse is rejected with line, field, code and remedy; everything else is in")
    func serverRejects() async throws {
        let text = csv("srv", 0..<1_500) { index in
            switch index {
            case 0: "unheard,sms,+447700000000,sale,srv0,x"
            case 700, 701: "marketing,sms,+447700000700,nothing,srv\(index),x"
            case 900: "marketing,sms,+447700000000x,sale,srv900,x"
            case 1_200: "marketing,sms,123,sale,srv1200,x"
            case 1_499: "marketing,owl,x,sale,srv1499,x"
            default: nil
            }
        }
        let file = try TemporaryFile(text)
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.enqueued == 1_494 && summary.rejected == 6)
        let bad = [0, 700, 701, 900, 1_200, 1_499]
        let rejects = try lines(file.rejectsPath)
        #expect(rejects.map { $0["line"] as? Int } == bad.map { $0 + 2 })
        #expect(rejects.map { $0["code"] as? String } == ["MT001", "MT004", "MT004", "bad_recipient", "MT003", "MT002"])
        #expect(rejects.map { $0["field"] as? String } == ["class", "template", "template", "recipient", "recipient", "channel"])
        #expect(rejects[0]["record"] as? String == "unheard,sms,+447700000000,sale,srv0,x")
        #expect(rejects.allSatisfy { ($0["remedy"] as? String)?.isEmpty == false })
        let expected = (0..<1_500).filter { !bad.contains($0) }
        #expect(try await keys("srv") == Dictionary(uniqueKeysWithValues: expected.map { ("srv\($0)", 1) }))
    }

    @Test(
        "a chunk in which every second row is bad is in reasonable time without them, and every good row is in once",
        .timeLimit(.minutes(1)))
    func manyBad() async throws {
        let text = csv("many", 0..<1_000) { $0 % 2 == 1 ? "marketing,sms,12\($0 % 7),sale,many\($0),x" : nil }
        let file = try TemporaryFile(text)
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.enqueued == 500 && summary.rejected == 500)
        #expect(try lines(file.rejectsPath).map { $0["line"] as? Int } == (0..<500).map { $0 * 2 + 3 })
        #expect(try await keys("many") == Dictionary(uniqueKeysWithValues: (0..<500).map { ("many\($0 * 2)", 1) }))
    }

    @Test(
        "more rejects than allowed stop before their chunk; running again with a higher limit ends it without a gap or a double")
    func limit() async throws {
        let file = try TemporaryFile(csv("lim", 0..<300) { $0 % 100 == 50 ? "marketing,sms,call me,sale,lim\($0),x" : nil })
        var options = ImportOptions(path: file.path)
        options.batch = 100
        options.rejectLimit = 1
        let error = await #expect(throws: ProducerError.self) { try await importing(options) }
        #expect(error?.exitCode == 65)
        #expect(try await keys("lim").count == 99)
        options.rejectLimit = 3
        let summary = try await importing(options)
        #expect(summary.rejected == 3 && summary.earlierLines == 101)
        #expect(try lines(file.rejectsPath).map { $0["line"] as? Int } == [52, 152, 252])
        #expect(try await keys("lim").values.allSatisfy { $0 == 1 })
        #expect(try await keys("lim").count == 297)
    }

    @Test("--strict enqueues nothing when any record is wrong")
    func strict() async throws {
        let file = try TemporaryFile(csv("strict", 0..<300) { $0 == 299 ? "marketing,sms,call me,sale,strict\($0),x" : nil })
        var options = ImportOptions(path: file.path)
        options.batch = 100
        options.isStrict = true
        options.rejectLimit = 0
        let error = await #expect(throws: ProducerError.self) { try await importing(options) }
        #expect(error?.exitCode == 65)
        #expect(error?.description.contains("line 301") == true)
        #expect(try await keys("strict").isEmpty)
    }

    @Test(
        "duplicate recipients are reported with their lines; rejected only when asked",
        arguments: [DuplicatePolicy.warn, .reject, .ignore])
    func duplicates(policy: DuplicatePolicy) async throws {
        let prefix = "dup-\(policy.rawValue)-"
        let text = csv(prefix, 0..<10) { $0 == 6 ? "marketing,sms,0044 7700 000003,sale,\(prefix)6,x" : nil }
        var options = ImportOptions(path: try TemporaryFile(text).path)
        let file = try TemporaryFile(text)
        options.path = file.path
        options.duplicates = policy
        let summary = try await importing(options)
        #expect(summary.duplicates.count == (policy == .ignore ? 0 : 1))
        #expect(summary.duplicates.examples.map(\.line) == (policy == .ignore ? [] : [8]))
        #expect(summary.rejected == (policy == .reject ? 1 : 0))
        #expect(try await keys(prefix).count == (policy == .reject ? 9 : 10))
    }

    @Test(
        "gzipped NDJSON with idempotency keys: the same key with another request is rejected, with the same it is the same message"
    )
    func keysAndGzip() async throws {
        let records = [("k1", "a"), ("k2", "b"), ("k1", "a"), ("k1", "c")].enumerated().map { index, record in
            #"{"class":"marketing","channel":"sms","recipient":"+447700900123","template":"sale","idempotency_key":"\#(record.0)","group_key":"idem-\#(record.1)","n":1}"#
                + "\n"
        }
        let file = try TemporaryFile(try await gzipped(Array(records.joined().utf8)), name: "list.ndjson.gz")
        let summary = try await importing(ImportOptions(path: file.path))
        #expect(summary.rejected == 1)
        #expect(try lines(file.rejectsPath).map { $0["code"] as? String } == ["MT008"])
        #expect(try await keys("idem") == ["idem-a": 1, "idem-b": 1])
    }

    @Test("two runs of one import at once: every record is in exactly once")
    func concurrent() async throws {
        let text = csv("conc", 0..<3_000)
        let files = try (0..<3).map { _ in try TemporaryFile(text) }
        await withTaskGroup(of: Void.self) { group in
            for file in files {
                group.addTask {
                    var options = ImportOptions(path: file.path)
                    options.importID = "concurrent"
                    options.batch = 100
                    do { _ = try await importing(options) } catch {
                        #expect((error as? ProducerError)?.exitCode == 75, "\(error)")
                    }
                }
            }
        }
        var options = ImportOptions(path: files[0].path)
        options.importID = "concurrent"
        _ = try await importing(options)
        #expect(try await keys("conc") == Dictionary(uniqueKeysWithValues: (0..<3_000).map { ("conc\($0)", 1) }))
    }

    @Test("another file under the same --import-id is refused")
    func otherFile() async throws {
        var options = ImportOptions(path: nil)
        options.importID = "one name"
        let first = try TemporaryFile(csv("one", 0..<1))
        let second = try TemporaryFile(csv("two", 0..<1))
        options.path = first.path
        _ = try await importing(options)
        options.path = second.path
        let chosen = options
        let error = await #expect(throws: ProducerError.self) { try await importing(chosen) }
        #expect(error?.exitCode == 64)
        #expect(try await keys("two").isEmpty)
    }

    @Test("a role needs martlet_producer and nothing else; without it the refusal says so", arguments: [true, false])
    func role(isMember: Bool) async throws {
        let scratch = try ScratchDatabase.required()
        let role = "producer_\(getpid())_\(isMember)"
        let superuser = try await scratch.connect()
        try await superuser.execute(script: "create role \(role) login" + (isMember ? " in role martlet_producer" : ""))
        let database = Database(
            DatabaseOptions(conninfo: "\(scratch.conninfo) user=\(role)", applicationName: "tests", connections: 1))
        let file = try TemporaryFile(csv("role", 0..<3), name: "role.csv")
        let importer = Importer(ImportOptions(path: file.path), database: database, stop: StopFlag())
        if isMember {
            #expect(try await importer.run().enqueued == 3)
        } else {
            let error = await #expect(throws: ProducerError.self) { try await importer.run() }
            #expect(error?.exitCode == 77, "\(String(describing: error))")
        }
        await database.close()
        try await superuser.execute(script: "drop owned by \(role); drop role \(role)")
    }

    @Test("every statement of an import is one the database takes")
    func statements() async throws {
        let connection = try await ScratchDatabase.required().connect()
        for name in ["savepoint", "release savepoint", "rollback to savepoint"] {
            #expect([BulkSavepoint().sql, BulkRelease().sql, BulkRollback().sql].contains { $0.hasPrefix(name) })
        }
        let columns = try await connection.query(PQCall("columns", "select * from martlet.bulk_enqueue")).columns
        #expect(columns == BulkRow.columns + ["check_template"])
    }
}
