import Glibc
import PipelineSupport
import TestSupport
import Testing

extension Faults {
    @Suite("A program that cannot work says so at once")
    struct StartTests {
        private static let programs = [
            ("martlet-worker", ["--health", "off"]),
            ("martlet-gateway", ["--health", "off", "--listen", "127.0.0.1:0", "--public-url", "https://hooks.example.com"]),
        ]

        private func start(_ name: String, _ arguments: [String], _ conninfo: String) throws -> ChildProcess {
            try ChildProcess(
                ["\(PythonTool.repository)/.build/debug/\(name)"] + arguments, environment: ["MARTLET_DATABASE_URL": conninfo])
        }

        @Test(
            "no such database, no such role, a role without the grant: told with the remedy, exit code 78",
            .timeLimit(.minutes(3)),
            arguments: programs)
        func refused(name: String, arguments: [String]) async throws {
            try await Shop.with { shop in
                let role = "stranger_\(getpid())_\(name.dropFirst("martlet-".count))"
                try await shop.script("create role \(role) login")
                let right = name.replacing("-", with: "_")
                for (conninfo, expected) in [
                    ("\(shop.scratch.conninfo) dbname=not_there", "database \"not_there\" does not exist"),
                    ("\(shop.scratch.conninfo) user=\(role)_x", "role \"\(role)_x\" does not exist"),
                    ("\(shop.scratch.conninfo) user=\(role)", "grant \(right) to \"\(role)\""),
                ] {
                    let program = try start(name, arguments, conninfo)
                    #expect(try await program.wait(within: .seconds(30)) == 78, "\(program.output)")
                    #expect(program.output.contains(expected), "\(program.output)")
                    #expect(!program.output.contains("LOCATION"), "\(program.output)")
                    #expect(
                        !program.output.contains("listening") && !program.output.contains("child channel"), "\(program.output)")
                }
                try await shop.script("drop role \(role)")
            }
        }

        @Test("a wrong database name is no reason to wait for commands and the producer either", .timeLimit(.minutes(2)))
        func commands() async throws {
            let scratch = try await ScratchDatabase.create()
            let conninfo = "\(scratch.conninfo) dbname=not_there"
            for (name, arguments, code) in [("martlet", ["lanes"], Int32(69)), ("martlet-producer", ["/dev/null"], 78)] {
                let program = try start(name, arguments, conninfo)
                #expect(try await program.wait(within: .seconds(30)) == code, "\(program.output)")
                #expect(program.output.contains("database \"not_there\" does not exist"), "\(program.output)")
                #expect(!program.output.contains("connections busy"), "\(program.output)")
            }
            try await scratch.drop()
        }

        @Test("a port that is taken is named, with the remedy; port 0 shows which one it became", .timeLimit(.minutes(2)))
        func ports() async throws {
            try await Shop.with { shop in
                let first = try WorkerProgram.start(in: shop, settings: ["worker.health=127.0.0.1:0"])
                try await eventually("the worker tells its port") {
                    first.output.firstMatch(of: /127\.0\.0\.1:([0-9]{4,5})/) != nil
                }
                let port = try #require(first.output.firstMatch(of: /127\.0\.0\.1:([0-9]{4,5})/)).1
                let second = try WorkerProgram.start(in: shop, settings: ["worker.health=127.0.0.1:\(port)"])
                #expect(try await second.wait() == 1, "\(second.output)")
                #expect(second.output.contains("health port 127.0.0.1:\(port) is taken by another program"), "\(second.output)")
                #expect(second.output.contains("--health"), "\(second.output)")
                first.kill(SIGTERM)
                #expect(try await first.wait() == 0, "\(first.output)")
            }
        }

        @Test(
            "a dead letter is told in the worker's log, with its reason and what to do, without what it says",
            .timeLimit(.minutes(3)))
        func deadLetters() async throws {
            try await Shop.with { shop in
                for number in 0..<30 {
                    try await shop.enqueue(
                        "marketing", to: "+4477009000\(10 + number)", variables: #"{"other": "s3cret"}"#,
                        arguments: "check_template => false")
                }
                let worker = try WorkerProgram.start(in: shop, arguments: ["--until-idle"])
                #expect(try await worker.wait() == 0, "\(worker.output)")
                let told = worker.output.split(separator: "\n").filter { $0.contains("dead letters: ") }
                #expect((1...2).contains(told.count), "\(worker.output)")
                #expect(told.allSatisfy { $0.contains("required_variable") && $0.contains("martlet dead-letters list") })
                let counts = told.compactMap { $0.firstMatch(of: /"count":"([0-9]+)"/).flatMap { Int($0.1) } }
                #expect(counts.reduce(0, +) == 30, "\(worker.output)")
                #expect(!worker.output.contains("s3cret"))
            }
        }

        @Test("durations are shown in help as they are typed")
        func help() async throws {
            for command in [
                ["slo"], ["lanes"], ["report"], ["message", "find"], ["providers", "show"], ["dead-letters", "list"],
            ] {
                let program = try ChildProcess(["\(PythonTool.repository)/.build/debug/martlet"] + command + ["--help"])
                #expect(try await program.wait() == 0)
                #expect(!program.output.contains("Argument("), "\(program.output)")
            }
            let slo = try ChildProcess(["\(PythonTool.repository)/.build/debug/martlet", "slo", "--help"])
            _ = try await slo.wait()
            #expect(slo.output.contains("(default: 1h)"), "\(slo.output)")
        }
    }
}
