import ArgumentParser
import Settings
import TestSupport
import Testing

@testable import AdminCommands

@Suite("Help, as people read it")
struct HelpTests {
    /// Every command with its words, the root included.
    private static func commands(
        _ command: any ParsableCommand.Type = Martlet.self, _ words: [String] = []
    ) -> [(words: [String], command: any ParsableCommand.Type)] {
        [(words, command)]
            + command.configuration.subcommands.flatMap { commands($0, words + [$0.configuration.commandName ?? "\($0)"]) }
    }

    /// What the language shows of a value without a description: `DurationArgument(…)`, `Optional(…)`, `nil`. By hand, because a regular
    /// expression with word boundaries takes minutes for all help.
    private static func unexplained(in text: String) -> [String] {
        text.split { !$0.isASCII || !($0.isLetter || $0.isNumber || "_.(".contains($0)) }.map(String.init).filter { word in
            let name = word.prefix { $0 != "(" }
            let isValue = word.contains("(") && name.first?.isUppercase == true
            return isValue || word == "nil" || word.hasPrefix("Swift.") || name.hasSuffix(".Type") || name.hasSuffix("Argument")
        }
    }

    @Test("no help of any command shows how the program is written")
    func commands() throws {
        let all = Self.commands()
        #expect(all.count > 50)
        for (words, command) in all {
            let help = Martlet.helpMessage(for: command, columns: 120)
            #expect(Self.unexplained(in: help) == [], "martlet \(words.joined(separator: " "))")
        }
        #expect(
            Self.unexplained(in: "(default: DurationArgument(duration: 604800.0 seconds))") != [], "the rule finds what it is for"
        )
    }

    @Test(
        "a default that is a duration reads as one types it",
        arguments: [(["report"], "7d"), (["slo"], "1h"), (["message", "find"], "7d")])
    func durations(words: [String], text: String) async throws {
        let child = try ChildProcess([MartletBinary.path] + words + ["--help"])
        #expect(try await child.wait() == 0)
        #expect(child.output.contains("(default: \(text))"), "\(child.output)")
    }

    @Test(
        "nor does the help of any other program, and each says its version, as every command does",
        arguments: ["martlet-worker", "martlet-gateway", "martlet-producer", "martlet-load"])
    func programs(name: String) async throws {
        let path = "\(PythonTool.repository)/.build/debug/\(name)"
        let help = try ChildProcess([path, "--help"])
        #expect(try await help.wait() == 0)
        #expect(Self.unexplained(in: help.output) == [])
        let version = try ChildProcess([path, "--version"])
        #expect(try await version.wait() == 0)
        #expect(version.output == "\(martletVersion)\n")
        let command = try ChildProcess([MartletBinary.path, "doctor", "--version"])
        #expect(try await command.wait() == 0)
        #expect(command.output == "\(martletVersion)\n")
    }
}
