import Foundation
import Glibc
import Postgres
import Store
import TestSupport
import Testing

@testable import Producer

@Suite("People from files", .serialized, .scratchDatabase(producerTemplate))
struct AudienceTests {
    private func importing(
        _ file: TemporaryFile, _ audience: String, _ change: (inout ImportOptions) throws -> Void = { _ in }
    ) async throws -> ImportSummary {
        let conninfo = try ScratchDatabase.required().conninfo
        let database = Database(DatabaseOptions(conninfo: conninfo, applicationName: "tests", connections: 2))
        var options = ImportOptions(path: file.path)
        (options.patience, options.connections, options.batch) = (.seconds(5), 2, 200)
        try change(&options)
        try options.setAudience(audience)
        let summary = try await Importer(options, database: database, stop: StopFlag()).run()
        await database.close()
        return summary
    }

    /// `person sms email zone variables` of a list that is in its place.
    private func people(_ audience: String) async throws -> [String] {
        let connection = try await ScratchDatabase.required().connect()
        let rows = try await connection.query(
            PQCall(
                "people",
                """
                select concat_ws(' ', m.person, m.sms, m.email, m.time_zone, m.addresses, m.variables) from martlet_data.audience_members m
                join martlet_data.audiences a on a.id = m.audience_id where a.name = '\(audience)' and a.state = 'ready' order by m.line
                """))
        let found = try rows.map { try $0.text(0) }
        await connection.close()
        return found
    }

    @Test(
        "columns are mapped, other columns are variables, and what cannot be used is told with line and field in one file and in the database"
    )
    func rejects() async throws {
        let file = try TemporaryFile(
            """
            customer_no,phone,email,time_zone,name
            c-1,+447700900001,,Europe/London,Ann
            c-2,07700 900002,,,Bob
            c-3,12,,,short
            c-4,+447700900001,,,the address of c-1
            c-1,+447700900005,,,the person of c-1
            c-7,,,,no address
            c-8,+447700900008,,Mars/Olympus,zone
            ,,Ann@Example.COM,,by address

            """)
        let summary = try await importing(file, "mapped") { try $0.setNames(["phone=sms", "customer_no=person"]) }
        #expect(summary.members == 3 && summary.rejected == 5, "\(summary)")
        #expect(
            try await people("mapped") == [
                #"c-1 +447700900001 Europe/London {"name":"Ann"}"#, #"c-2 +447700900002 {"name":"Bob"}"#,
                #"ann@example.com Ann@example.com {"name":"by address"}"#,
            ])
        let told = try lines(file.rejectsPath).map { "\($0["line"] ?? 0) \($0["field"] ?? "") \($0["code"] ?? "")" }
        #expect(
            Set(told) == [
                "4 sms bad_recipient", "5 sms duplicate", "6 person duplicate", "7 address missing_field", "8 time_zone MT005",
            ])
        let connection = try await ScratchDatabase.required().connect()
        let stored = try await connection.query(
            PQCall("stored", "select line || ' ' || field from martlet.audience_rejects where audience = 'mapped' order by line"))
        #expect(try stored.map { try $0.text(0) } == ["4 sms", "5 sms", "6 person", "7 address", "8 time_zone"])
        await connection.close()

        // Again: nothing is to be done, and nothing is told twice.
        let again = try await importing(file, "mapped") { try $0.setNames(["phone=sms", "customer_no=person"]) }
        #expect(again.enqueued == 0 && again.members == 3 && again.rejected == 5)
        #expect(try lines(file.rejectsPath).count == 5)
        #expect(
            Report(again).text.hasPrefix("Nothing new: the list is finished; audience mapped: 3 people."), "\(Report(again).text)"
        )
    }

    @Test("NDJSON keeps types and addresses of other channels; a row that PostgreSQL cannot read costs itself alone")
    func ndjson() async throws {
        let file = try TemporaryFile(
            #"""
            {"person": "c-1", "addresses": {"push": "abc"}, "points": 12.50}
            {"person": "c-2", "addresses": {"push": "\ud800"}}
            {"person": "c-3", "sms": "+447700900003", "variables": {"a": [1]}}
            {"person": "c-4", "sms": 5}
            """#, name: "list.ndjson")
        let summary = try await importing(file, "typed")
        #expect(summary.members == 2 && summary.rejected == 2)
        #expect(
            try await people("typed") == [#"c-1 {"push": "abc"} {"points":12.50}"#, #"c-3 +447700900003 {"a": [1]}"#])
        #expect(try lines(file.rejectsPath).map { $0["line"] as? Int } == [2, 4])
    }

    @Test("a list stays as it was until the new one is whole, and the same file makes it anew when it was replaced or removed")
    func replaces() async throws {
        let first = try TemporaryFile("sms\n+447700900001\n+447700900002\n", name: "first.csv")
        let second = try TemporaryFile("sms\n+447700900003\n", name: "second.csv")
        #expect(try await importing(first, "again").members == 2)
        #expect(try await importing(second, "again").members == 1)
        #expect(try await people("again") == ["+447700900003 +447700900003"])
        #expect(try await importing(first, "again").members == 2)
        #expect(try await people("again").count == 2)
        // Under one name for the import, another list is refused, and so is another file.
        _ = try await importing(first, "named") { $0.importID = "one" }
        for (file, audience) in [(first, "other"), (second, "named")] {
            let error = await #expect(throws: ProducerError.self) { try await importing(file, audience) { $0.importID = "one" } }
            #expect(error?.exitCode == 64, "\(String(describing: error))")
        }
    }

    @Test("flags and headers that are about messages are refused with what to write")
    func refused() async throws {
        let file = try TemporaryFile("recipient,name\n+447700900001,Ann\n")
        let header = await #expect(throws: ProducerError.self) { try await importing(file, "wrong") }
        #expect(header?.description.contains("--map COLUMN=sms") == true)
        let flag = await #expect(throws: ProducerError.self) {
            try await importing(file, "wrong") { $0.defaults["class"] = "marketing" }
        }
        #expect(flag?.exitCode == 64)
        let name = await #expect(throws: ProducerError.self) {
            try await importing(file, "No Name") { $0.names = ["recipient": "sms"] }
        }
        #expect(name?.exitCode == 64 && name?.description.contains("no name of an audience") == true)
    }

    @Test("killed with SIGKILL at any point, again and again: every person is in the list exactly once", .timeLimit(.minutes(3)))
    func killed() async throws {
        let count = 20_000
        var text = "person,sms,note\n"
        for index in 0..<count { text += "c-\(index),\(index % 100 == 17 ? "12" : "+447\(700_000_000 + index)"),n\(index)\n" }
        let file = try TemporaryFile(text, name: "killed.csv")
        let program = ProducerProgram(conninfo: try ScratchDatabase.required().conninfo)
        var kills = 0
        while true {
            let child = try program.start([file.path, "--audience", "killed", "--batch", "100"])
            let code = try await endedOrKilled(child, after: .milliseconds(Int.random(in: 30...600 + 100 * kills)))
            if code != 128 + SIGKILL {
                #expect(code == 1, "\(child.output)")
                break
            }
            kills += 1
        }
        #expect(kills >= 2)
        let found = try await people("killed").map { $0.prefix { $0 != " " } }
        #expect(found.count == count * 99 / 100 && Set(found).count == found.count)
        let told = try lines(file.rejectsPath).compactMap { $0["line"] as? Int }
        #expect(
            told == (0..<count).filter { $0 % 100 == 17 }.map { $0 + 2 }, "\(told.count): \(told.prefix(20)) … \(told.suffix(5))")
    }
}
