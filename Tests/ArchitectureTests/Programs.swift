import Foundation
import TestSupport

/// The commands of our programs and scripts, as they say themselves: subcommands and flags.
struct Commands: Sendable {
    /// One command, with what stands below it.
    struct Command: Decodable, Sendable {
        struct Argument: Decodable, Sendable {
            struct Name: Decodable, Sendable {
                var kind: String
                var name: String
            }
            var names: [Name]?
        }
        var commandName: String
        var aliases: [String]?
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Command]?

        /// `--name`, also those of settings, which programs read by themselves and list in their help.
        var flags: Set<String> {
            let own = (arguments ?? []).flatMap { $0.names ?? [] }.map { ($0.kind == "short" ? "-" : "--") + $0.name }
            let settings = (discussion ?? "").matches(of: #/(?m)^ *(--[a-z-]+) \(/#).map { String($0.1) }
            return Set(own + settings + ["--help", "--version", "--generate-completion-script"])
        }

        /// Without `help`, which every program has.
        var below: [Command] { (subcommands ?? []).filter { $0.commandName != "help" } }

        var all: [Command] { [self] + below.flatMap(\.all) }
    }

    static let programs = ["martlet", "martlet-worker", "martlet-gateway", "martlet-producer", "martlet-load"]
    static let scripts = ["quickstart", "test", "bench", "sanitize", "schema", "numbering-plans"]

    var programs: [String: Command] = [:]
    /// By name, `Deploy/test`: the flags that its usage lists, and those of programs that it passes arguments on to.
    var scripts: [String: Set<String>] = [:]

    /// The commands of this build. A task, because every test that asks waits for the one look.
    static let ofThisBuild = Task { try await read() }

    /// Asks every program that lies beside this one's tests; reads the usage of every script.
    private static func read() async throws -> Commands {
        var commands = Commands()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let folder = URL(filePath: own).deletingLastPathComponent()
        for name in programs {
            let child = try ChildProcess([folder.appending(path: name).path, "--experimental-dump-help"])
            _ = try await child.wait()
            struct Dump: Decodable { var command: Command }
            commands.programs[name] = try JSONDecoder().decode(Dump.self, from: Data(child.output.utf8)).command
        }
        for name in scripts {
            let text = try String(contentsOf: Repository.root.appending(path: "Deploy/\(name)"), encoding: .utf8)
            let usage = text.split(separator: "\n").prefix { !$0.hasPrefix("set ") && !$0.hasPrefix("import ") }.joined(
                separator: "\n")
            commands.scripts["Deploy/\(name)"] = Set(usage.matches(of: #/--[a-z][a-z-]+/#).map { String($0.0) } + ["--help"])
        }
        return commands
    }

    var everyFlag: Set<String> {
        scripts.values.reduce(into: Set(programs.values.flatMap(\.all).flatMap(\.flags))) { $0.formUnion($1) }
    }

    /// What is wrong with a command as a document writes it; nil: nothing, or it is none of ours.
    func objection(_ line: String) -> String? {
        for one in line.replacing(" | ", with: "\n").replacing(" && ", with: "\n").split(separator: "\n") {
            let words = one.prefix { $0 != "#" }.split(separator: " ").map { String($0) }
                .drop { $0.contains("=") || $0 == "$" }.map {
                    String($0.drop { "[(".contains($0) }.prefix { !"]);,".contains($0) })
                }
            if let objection = objection(words) { return objection }
        }
        return nil
    }

    private func objection(_ words: [String]) -> String? {
        guard let first = words.first else { return nil }
        if let known = scripts[first] {
            // `swift test` has flags of its own.
            if first == "Deploy/test", words.dropFirst().first == "--filter" { return nil }
            return unknown(words.dropFirst(), known, of: first)
        }
        if first.hasPrefix("Deploy/"), first.split(separator: "/").count == 2, !first.contains(".") {
            return FileManager.default.fileExists(atPath: Repository.root.appending(path: first).path)
                ? nil : "there is no \(first)"
        }
        guard let program = programs[first == ".martlet/martlet" ? "martlet" : first] else { return nil }
        var chosen = [program]
        var rest = words.dropFirst()
        while let word = rest.first, !chosen[0].below.isEmpty, word.contains(#/^[a-z]/#) {
            let names = word.split(separator: "|").map(String.init)
            let found = names.compactMap { name in
                chosen[0].below.first { $0.commandName == name || $0.aliases?.contains(name) == true }
            }
            guard found.count == names.count else { return "\(first) has no command \(word)" }
            chosen = found
            rest = rest.dropFirst()
        }
        // A group without a command of its own runs its default one.
        let known = chosen.flatMap { $0.below.isEmpty ? [$0] : $0.all }.reduce(into: Set<String>()) {
            $0.formUnion($1.flags)
        }
        return unknown(rest, known, of: first)
    }

    private func unknown(_ words: ArraySlice<String>, _ known: Set<String>, of program: String) -> String? {
        for word in words where word.hasPrefix("--") && word.count > 2 {
            for flag in word.split(separator: "|").map({ String($0.prefix { $0 != "=" }) })
            where flag.hasPrefix("--") && !known.contains(flag) {
                return "\(program) has no \(flag)"
            }
        }
        return nil
    }
}
