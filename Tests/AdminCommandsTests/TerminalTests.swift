import Foundation
import TestSupport
import Testing

@testable import AdminCommands

@Suite(
    "what a person sees on a terminal, by the real binary", .serialized, .scratchDatabase { try await MartletBinary.applied() })
struct TerminalTests {
    /// Runs a command on a terminal of this size; `keys` are typed, and after `seconds` comes Ctrl-C.
    private func shown(
        _ arguments: [String], columns: Int, rows: Int = 50, seconds: Int = 0, keys: String = "",
        environment: [String: String] = [:]
    ) async throws -> MartletBinary.Run {
        let conninfo = try ScratchDatabase.required().conninfo
        let child = try PythonTool.start(
            [
                "\(PythonTool.repository)/Tests/AdminCommandsTests/terminal.py", "\(columns)", "\(rows)", "\(seconds)", keys,
                MartletBinary.path,
            ]
                + arguments,
            environment: ["MARTLET_DATABASE_URL": conninfo, "MARTLET_CONFIG": "", "NO_COLOR": "1", "TERM": "xterm"]
                .merging(environment) { $1 })
        let code = try await child.wait(within: .seconds(60))
        return MartletBinary.Run(code: code, output: child.output)
    }

    private func fill() async throws {
        let owner = try await Owner()
        try await owner.execute(
            """
            insert into martlet_data.provider_orders (provider, state, changed_by, why) values
                ('sandbox-sms', 'paused', 'ann', 'the carrier loses receipts since this morning, and its hotline does not answer')
                on conflict do nothing;
            """)
        for index in 10..<14 { _ = try await owner.deadLetter("+4915112347\(index)") }
        _ = try await owner.enqueue("+4915112347099", class: "otp")
        _ = try await owner.enqueue("+4915112347098", class: "marketing")
    }

    @Test("report, providers, slo, lanes and top fit the terminal at 80 and 120 columns", arguments: [80, 120])
    func fits(columns: Int) async throws {
        try await fill()
        for command in [
            ["report"], ["providers"], ["slo"], ["lanes", "--sample", "0s"], ["top", "--once"], ["dead-letters", "list"],
            ["messages", "list"], ["audit"],
        ] {
            let run = try await shown(command + ["--no-pager"], columns: columns)
            #expect(run.code == 0, "\(command): \(run.output)")
            let wide = run.output.split(separator: "\n").filter { displayWidth(String($0)) > columns }
            #expect(wide.isEmpty, "\(command): \(wide)")
        }
        let report = try await shown(["report"], columns: columns).output
        #expect(report.contains("CLASS") && report.contains("messages"), "figures are turned round: \(report)")
        // Without a terminal nothing is narrow: programs read it.
        let plain = try await MartletBinary.here().run(["report"]).output
        #expect(plain.contains("MESSAGES  ACCEPTED  DELIVERED"), "\(plain)")
    }

    @Test("what is longer than the terminal goes through PAGER, not with --no-pager, and not what is short")
    func pager() async throws {
        let pager = ["PAGER": "echo THE PAGER; cat"]
        let long = try await shown(["config", "show"], columns: 80, rows: 24, environment: pager)
        #expect(
            long.code == 0 && long.output.hasPrefix("THE PAGER\n") && long.output.contains("caps.yaml"),
            "\(long.output.prefix(200))")
        let asked = try await shown(["config", "show", "--no-pager"], columns: 80, rows: 24, environment: pager)
        #expect(!asked.output.contains("THE PAGER") && asked.output.contains("caps.yaml"))
        let short = try await shown(["cluster"], columns: 80, rows: 24, environment: pager)
        #expect(!short.output.contains("THE PAGER") && short.output.contains("this is cluster"))
        let missing = try await shown(["config", "show"], columns: 80, rows: 24, environment: ["PAGER": "no-such-pager-here"])
        #expect(missing.output.contains("caps.yaml"), "without a pager it is written as it is")
    }

    @Test("--watch shows it again in the same place until Ctrl-C; top does so by itself")
    func watch() async throws {
        for command in [["providers", "--watch", "--every", "500ms"], ["top", "--every", "500ms"]] {
            let run = try await shown(command, columns: 100, rows: 30, seconds: 4)
            let frames = run.output.components(separatedBy: "\u{1B}[H").count - 1
            #expect(frames >= 2, "\(command): \(run.output)")
            #expect(run.output.contains("sandbox-sms") && run.code != 0)
        }
        #expect(try await shown(["slo", "--watch", "--every", "1ms"], columns: 80).code == 64)
    }
}
