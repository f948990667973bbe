import PipelineSupport
import Settings
import TestSupport
import Testing

extension Faults {
    @Suite("Flags of the programs")
    struct FlagTests {
        static let programs: [(name: String, descriptions: [SettingDescription])] = [
            ("martlet-worker", WorkerSettings.descriptions), ("martlet-gateway", GatewaySettings.descriptions),
            ("martlet-producer", ProducerSettings.descriptions), ("martlet", AdminSettings.descriptions),
        ]

        @Test(
            "every flag that Config/README.md names is one: a wrong value is refused by its name, all wrong ones at once",
            arguments: programs.map(\.name))
        func everyFlag(name: String) async throws {
            let descriptions = try #require(Self.programs.first { $0.name == name }?.descriptions)
            #expect(descriptions.count > 5)
            // A byte that no setting takes, in either spelling.
            let arguments = descriptions.enumerated().flatMap { index, setting in
                index.isMultiple(of: 2) ? [setting.flag, "\u{7}"] : ["\(setting.flag)=\u{7}"]
            }
            let command = name == "martlet" ? ["slo"] : []
            let child = try ChildProcess(["\(PythonTool.repository)/.build/debug/\(name)"] + command + arguments)
            let code = try await child.wait()
            #expect(code == (name == "martlet" ? 65 : 78), "\(child.output)")
            for setting in descriptions {
                #expect(child.output.contains("flag \(setting.flag)"), "\(setting.flag) is not in: \(child.output)")
            }
        }

        @Test(
            "a flag that does not exist, one without a value and a key that does not exist are usage errors",
            arguments: programs.map(\.name).filter { $0 != "martlet" })
        func unknown(name: String) async throws {
            for (arguments, expected) in [
                (["--no-such-flag", "5"], "Unknown option '--no-such-flag'"),
                (["--conections", "5"], "Unknown option '--conections'. Did you mean '--connections'?"),
                (["--database-call-timeout"], "--database-call-timeout needs a value: 100ms…10m"),
                (["--set", "database.call_timeuot=5s"], "did you mean database.call_timeout?"),
            ] {
                let child = try ChildProcess(["\(PythonTool.repository)/.build/debug/\(name)"] + arguments)
                #expect(try await child.wait() == 64, "\(child.output)")
                #expect(child.output.contains(expected), "\(arguments): \(child.output)")
            }
        }

        @Test("each says its version", arguments: programs.map(\.name))
        func version(name: String) async throws {
            let child = try ChildProcess(["\(PythonTool.repository)/.build/debug/\(name)", "--version"])
            #expect(try await child.wait() == 0)
            #expect(child.output == "\(martletVersion)\n")
        }
    }
}
