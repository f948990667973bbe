import ArgumentParser
import Domain
import Settings

struct ConfigValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check policy and templates without a database; says file, line and field.",
        discussion: """
            Reads DIR/policy/*.yaml and DIR/templates, parses every template, and lets every provider's transport check its options.
            Exits with 65 when something is wrong.

            EXAMPLES
              martlet config validate --config Config
              martlet config validate --config Config --json | jq -r '.problems[] | "\\(.file):\\(.line)"'
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let out = Terminal.out
        do throws(ConfigErrors) {
            let content = try ConfigDirectory(config).load()
            if shared.json {
                return out.json([
                    "valid": .bool(true), "problems": [], "warnings": .list(content.warnings) { .string($0) },
                    "classes": .int(content.policy.classes.count), "templates": .int(content.templates.count),
                ])
            }
            for warning in content.warnings { Terminal.error.line("warning: \(warning)", .yellow) }
            out.line(
                "\(config) is valid: \(content.files.count) policy files, \(content.policy.classes.count) classes, "
                    + "\(content.policy.caps.count) caps, \(content.templates.count) templates", .green)
        } catch {
            if shared.json {
                out.json(["valid": .bool(false), "problems": .list(error.problems, \.json), "warnings": []])
                throw ExitCode(AdminExit.invalidConfiguration.rawValue)
            }
            throw AdminError(error)
        }
    }
}

extension ConfigProblem {
    fileprivate var json: JSONValue {
        [
            "file": .string(file), "line": .int(line), "column": .int(column), "path": .string(path),
            "problem": .string(problem), "hint": .string(hint),
        ]
    }
}
