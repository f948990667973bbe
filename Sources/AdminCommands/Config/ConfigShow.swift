import ArgumentParser
import Domain
import Operations
import Store
import Text

struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the policy in force: who applied it, and its files.",
        discussion: """
            EXAMPLES
              martlet config show
              martlet config show --file caps.yaml
              martlet config show --history
            """)
    @Option(name: .long, help: "Print one file as it was applied, such as caps.yaml.")
    var file: String?
    @Flag(name: .long, help: "List the versions instead.")
    var history = false
    @Option(name: .long, help: "How many versions to list.")
    var limit: Int = 20
    @OptionGroup var shared: SharedOptions

    func run() async throws {
        if history { return try await showHistory() }
        let policy = try await shared.run(ShowPolicy())
        if let file {
            guard let text = policy.files[file] else {
                throw OperationError(
                    .notFound, "The policy has no file \(file).",
                    hint: "It has \(policy.files.keys.sorted().joined(separator: ", ")).")
            }
            return shared.json
                ? Terminal.out.json(["file": .string(file), "text": .string(text)]) : Terminal.out.line(text)
        }
        shared.show(policy) {
            let out = Terminal.out
            out.line("# policy version \(policy.version), applied \(policy.appliedAt.shown) by \(policy.appliedBy)", .dim)
            for (name, text) in policy.files.sorted(by: { $0.key < $1.key }) {
                out.line()
                out.line("# ---- \(name)", .bold)
                out.line(text)
            }
        }
    }

    private func showHistory() async throws {
        let versions = try await shared.run(ShowPolicyHistory(limit: limit))
        shared.show(versions) {
            var table = Table("#version", "applied", "by", "note")
            for version in versions {
                table.add("\(version.version)", "\(version.appliedAt.shown)", "\(version.appliedBy)", "\(version.note ?? "")")
            }
            Terminal.out.table(table)
        }
    }
}
