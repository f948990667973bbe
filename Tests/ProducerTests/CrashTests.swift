import Foundation
import Glibc
import Postgres
import Store
import TestSupport
import Testing

@testable import Producer

@Suite("The program, killed and run again", .serialized, .scratchDatabase(producerTemplate))
struct CrashTests {
    private func program() throws -> ProducerProgram { ProducerProgram(conninfo: try ScratchDatabase.required().conninfo) }

    /// One record in fifty cannot be enqueued, half of them for a reason only the server knows.
    private func text(_ prefix: String, _ count: Int) -> (text: String, bad: Set<Int>) {
        var bad: Set<Int> = []
        var text = "\(required),group_key,note\n"
        for index in 0..<count {
            var recipient = "+447\(700_000_000 + index)"
            if index % 50 == 17 {
                bad.insert(index)
                recipient = index % 100 == 17 ? "call me" : "12"
            }
            text += "marketing,sms,\(recipient),sale,\(prefix)\(index),\"line \(index)\"\n"
        }
        return (text, bad)
    }

    @Test(
        "killed with SIGKILL at any point, again and again: every line is in exactly once or rejected exactly once",
        .timeLimit(.minutes(3)))
    func killed() async throws {
        let count = 12_000
        let (text, bad) = text("kill", count)
        let file = try TemporaryFile(try await gzipped(Array(text.utf8)), name: "list.csv.gz")
        let program = try program()
        let connection = try await ScratchDatabase.required().connect()
        var kills = 0
        while true {
            let child = try program.start([file.path, "--batch", "100"])
            // Wherever it is by then: connecting, reading, copying, committing, cutting the reject file.
            let code = try await endedOrKilled(child, after: .milliseconds(Int.random(in: 30...600 + 100 * kills)))
            if code != 128 + SIGKILL {
                #expect(code == 1, "\(child.output)")
                break
            }
            kills += 1
        }
        #expect(kills >= 3)
        let expected = (0..<count).filter { !bad.contains($0) }
        #expect(
            try await groupKeys(connection).filter { $0.key.hasPrefix("kill") }
                == Dictionary(uniqueKeysWithValues: expected.map { ("kill\($0)", 1) }))
        let rejects = try lines(file.rejectsPath)
        #expect(rejects.map { $0["line"] as? Int } == bad.sorted().map { $0 + 2 })
        let row = try await connection.query(
            PQCall(
                "import",
                "select lines_done, enqueued, finished_at is not null from martlet_data.imports where name like 'list.csv.gz:%'")
        ).only
        #expect(try row.int8(0) == Int64(count + 1))
        #expect(try row.int8(1) == Int64(count - bad.count))
        #expect(try row.bool(2))
    }

    @Test(
        "the server's connection is cut again and again while it imports: every line is in exactly once", .timeLimit(.minutes(2)))
    func disconnected() async throws {
        let count = 10_000
        let (text, bad) = text("cut", count)
        let file = try TemporaryFile(text, name: "cut.csv")
        let child = try program().start([file.path, "--batch", "100"])
        let connection = try await ScratchDatabase.required().connect()
        try await eventually(within: .seconds(90), poll: .milliseconds(150), "the import ends") {
            _ = try await connection.query(
                PQCall(
                    "cut",
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'martlet-producer' and datname = current_database() and query like '%' || (array['COPY', 'import_advance', 'copy', ''])[1 + (random() * 3)::int] || '%'"
                ))
            return child.exitCode != nil
        }
        #expect(child.exitCode == 1, "\(child.output)")
        let expected = (0..<count).filter { !bad.contains($0) }
        #expect(
            try await groupKeys(connection).filter { $0.key.hasPrefix("cut") }
                == Dictionary(uniqueKeysWithValues: expected.map { ("cut\($0)", 1) }))
        #expect(try lines(file.rejectsPath).map { $0["line"] as? Int } == bad.sorted().map { $0 + 2 })
    }

    @Test("SIGTERM ends it with 75 between two chunks, and the next run goes on there", .timeLimit(.minutes(2)))
    func terminated() async throws {
        let (text, bad) = text("term", 5_000)
        let file = try TemporaryFile(text, name: "term.csv")
        let connection = try await ScratchDatabase.required().connect()
        let child = try program().start([file.path, "--batch", "50"])
        try await eventually(within: .seconds(30), "some rows are in") {
            try await groupKeys(connection).keys.contains { $0.hasPrefix("term") }
        }
        child.kill(SIGTERM)
        #expect(try await child.wait() == 75, "\(child.output)")
        #expect(child.output.contains("run the same command again"))
        #expect(try await program().start([file.path]).wait(within: .seconds(60)) == 1)
        #expect(try await groupKeys(connection).filter { $0.key.hasPrefix("term") }.count == 5_000 - bad.count)
    }

    @Test("standard input with --import-id resumes; a pipe that stays open is enqueued as it comes", .timeLimit(.minutes(1)))
    func pipe() async throws {
        let connection = try await ScratchDatabase.required().connect()
        func feed(_ count: Int, then end: (ChildProcess) async throws -> Void) async throws {
            var ends: [Int32] = [0, 0]
            let made = Glibc.pipe(&ends)
            #expect(made == 0)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let child = try program().start(["-", "--import-id", "piped", "--duplicates", "ignore"], input: ends[0])
            Glibc.close(ends[0])
            let text = (0..<count).map {
                #"{"class":"marketing","channel":"sms","recipient":"+447700900123","template":"sale","group_key":"pipe\#($0)"}"#
                    + "\n"
            }.joined()
            FileHandle(fileDescriptor: ends[1]).write(Data(text.utf8))
            try await end(child)
            Glibc.close(ends[1])
            if child.exitCode == nil { #expect(try await child.wait() == 0, "\(child.output)") }
        }
        try await feed(10) { child in
            try await eventually(within: .seconds(20), "the rows are in while the pipe is open") {
                try await groupKeys(connection).filter { $0.key.hasPrefix("pipe") }.count == 10
            }
            child.kill(SIGKILL)
            _ = try await child.wait()
        }
        try await feed(25) { _ in }
        #expect(
            try await groupKeys(connection).filter { $0.key.hasPrefix("pipe") }
                == Dictionary(uniqueKeysWithValues: (0..<25).map { ("pipe\($0)", 1) }))
    }

    @Test("200,000 lines need less than 128 MiB", .timeLimit(.minutes(5)))
    func memory() async throws {
        var text = "\(required),note\n"
        for index in 0..<200_000 {
            text += "marketing,sms,+447\(700_000_000 + index),sale,\"line \(index) of a file that does not fit\"\n"
        }
        let file = try TemporaryFile(text, name: "large.csv")
        let child = try program().start([file.path])
        var peak = 0
        try await eventually(within: .seconds(240), poll: .milliseconds(20), "the import ends") {
            if let status = FileManager.default.contents(atPath: "/proc/\(child.pid)/status"),
                let match = String(decoding: status, as: UTF8.self).firstMatch(of: /VmHWM:\s+([0-9]+) kB/)
            {
                peak = max(peak, Int(match.1) ?? 0)
            }
            return child.exitCode != nil
        }
        #expect(child.exitCode == 0, "\(child.output)")
        #expect(peak > 1_000 && peak < 128 * 1024, "\(peak) kB")
    }

    @Test("wrong flags are 64, a database that is away is 69, a foreign schema 78", .timeLimit(.minutes(1)))
    func codes() async throws {
        let file = try TemporaryFile("\(required)\n")
        #expect(try await program().start([file.path, "--nonsense"]).wait() == 64)
        #expect(try await program().start([file.path, "--format", "xml"]).wait() == 64)
        #expect(try await program().start(["/nowhere.csv"]).wait() == 74)
        #expect(try await program().start([file.path, "--batch", "0"]).wait() == 78)
        let empty = try await ScratchDatabase.create()
        let child = try ProducerProgram(conninfo: empty.conninfo).start([file.path])
        #expect(try await child.wait() == 78, "\(child.output)")
        #expect(child.output.contains("martlet migrate up"))
        try await empty.drop()
    }

    @Test("without a file, on a terminal, it says that it reads this and how that ends", .timeLimit(.minutes(1)))
    func terminal() async throws {
        let child = try PythonTool.start(
            [
                "\(PythonTool.repository)/Tests/AdminCommandsTests/terminal.py", "80", "24", "0", #"\x04"#,
                ProducerProgram.path,
            ], environment: ["MARTLET_DATABASE_URL": try ScratchDatabase.required().conninfo, "NO_COLOR": "1", "TERM": "xterm"])
        #expect(try await child.wait(within: .seconds(40)) == 65, "\(child.output)")
        #expect(child.output.contains("reading records from this terminal; Ctrl-D ends them"), "\(child.output)")
    }

    @Test("a dry run estimates segments and cost with the shipped policy, and says what a long text costs")
    func dryRun() async throws {
        let text = """
            class,channel,template,recipient,locale,discount,until
            marketing,sms,flash-sale,+447700900123,en,20%,Sunday
            marketing,sms,flash-sale,+447700900124,en,\(String(repeating: "x", count: 150)),Sunday
            marketing,sms,flash-sale,+447700900124,en,,Sunday
            marketing,sms,flash-sail,+447700900125,en,20%,Sunday
            marketing,sms,flash-sale,+8613800138000,zh-CN,八折,周日

            """
        let file = try TemporaryFile(text)
        let config = "\(PythonTool.repository)/Config"
        let child = try ProducerProgram(conninfo: "host=/nowhere").start(
            [file.path, "--dry-run", "--policy", "\(config)/policy", "--templates", "\(config)/templates", "--json", "--quiet"])
        #expect(try await child.wait() == 1, "\(child.output)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(child.output.utf8)) as? [String: Any])
        #expect(object["records"] as? Int == 5)
        #expect(object["rejected"] as? Int == 2)
        #expect(object["segments"] as? [String: Int] == ["1": 2, "2": 1])
        #expect(object["encodings"] as? [String: Int] == ["gsm-7": 2, "ucs-2": 1])
        // 3 segments to +44 at 41,000 and one to +86 at 6,500 millionths.
        #expect(object["cost_micros"] as? [String: Int] == ["EUR": 129_500])
        #expect(object["split"] as? Int == 1)
    }
}
