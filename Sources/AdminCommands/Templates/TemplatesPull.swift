import ArgumentParser
import Operations

struct TemplatesPull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Write the stored templates into files, as `templates push` reads them.",
        discussion: """
            Into DIR/templates/KEY/LOCALE.CHANNEL.mustache, the newest version of each. A file that says something else stays as it is, and the
            command ends with 2, unless --replace is given. Comments in the front matter of files are not stored, so they do not come back.

            EXAMPLES
              martlet templates pull --config Config
              martlet templates pull --config /tmp/look --key login-code
              martlet templates pull --config Config --replace --dry-run
            """)
    @Option(name: .long, help: ArgumentHelp("Directory with templates/.", valueName: "dir"), completion: .directory)
    var config = String.defaultConfigDirectory
    @Option(name: .long, help: "Only this key.")
    var key: String?
    @Flag(name: .long, help: "Replace files that say something else.")
    var replace = false
    @Flag(name: .long, help: "Say what would be written, write nothing.")
    var dryRun = false
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        let output = try await shared.run(
            PullTemplates(into: ConfigDirectory(config), key: key, replaces: replace, dryRun: dryRun))
        shared.show(output) {
            for name in output.written { Terminal.out.line("\(dryRun ? "would write" : "wrote") \(name)") }
            for name in output.kept {
                Terminal.error.line("\(name) says something else and stays: --replace replaces it", .yellow)
            }
            Terminal.out.line(
                "\(output.written.count) written, \(output.unchanged) unchanged, \(output.kept.count) left as they are")
        }
        if !output.kept.isEmpty { throw ExitCode(AdminExit.refused.rawValue) }
    }
}
