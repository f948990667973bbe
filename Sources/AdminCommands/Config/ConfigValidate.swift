import ArgumentParser
import Operations
import Settings

struct ConfigValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check policy and templates without a database; says file, line and field.",
        discussion: """
            Reads DIR/policy/*.yaml and DIR/templates, parses every template, and lets every provider's transport check its options and
            the files that they name (keys, passwords, certificates). A file that this machine does not have is a warning: run it on a
            worker's host, as the worker's user, to have all of them checked.
            Exits with 65 when something is wrong.

            EXAMPLES
              martlet config validate --config Config
              martlet config validate --config Config --json | jq -r '.problems[] | "\\(.file):\\(.line)"'
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with policy/ and templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let check = CheckConfiguration(directory: ConfigDirectory(config)).run()
        if !check.isValid, !shared.json { throw OperationError(ConfigErrors(check.problems)) }
        shared.show(check) {
            for warning in check.warnings { Terminal.error.line("warning: \(warning)", .yellow) }
            Terminal.out.line(
                "\(config) is valid: \(check.policyFiles) policy files, \(check.classes) classes, \(check.caps) caps, "
                    + "\(check.templates) templates", .green)
        }
        if !check.isValid { throw ExitCode(AdminExit.invalidConfiguration.rawValue) }
    }
}
