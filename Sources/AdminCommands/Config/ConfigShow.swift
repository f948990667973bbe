import ArgumentParser
import Store

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
        let stored = try await shared.withDatabase(.admin) { try await currentPolicy($0).stored }
        let texts = try stored.texts()
        let out = Terminal.out
        if let file {
            guard let text = texts[file] else {
                throw AdminError(
                    .notFound, "The policy has no file \(file).", hint: "It has \(texts.keys.sorted().joined(separator: ", ")).")
            }
            return shared.json ? out.json(["file": .string(file), "text": .string(text)]) : out.line(text)
        }
        if shared.json {
            return out.json([
                "version": .int(stored.version), "applied_at": .time(stored.appliedAt), "applied_by": .string(stored.appliedBy),
                "files": .object(texts.sorted { $0.key < $1.key }.map { .init(name: $0.key, value: .string($0.value)) }),
            ])
        }
        out.line("# policy version \(stored.version), applied \(stored.appliedAt.shown) by \(stored.appliedBy)", .dim)
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            out.line()
            out.line("# ---- \(name)", .bold)
            out.line(text)
        }
    }

    private func showHistory() async throws {
        let versions = try await shared.withDatabase(.admin) { [limit] in try await $0.run(PolicyHistory(limit: limit)) }
        if shared.json {
            return Terminal.out.json(
                .list(versions) {
                    [
                        "version": .int($0.version), "applied_at": .time($0.appliedAt), "applied_by": .string($0.appliedBy),
                        "note": .text($0.note),
                    ]
                })
        }
        var table = Table("#version", "applied", "by", "note")
        for version in versions {
            table.add("\(version.version)", "\(version.appliedAt.shown)", "\(version.appliedBy)", "\(version.note ?? "")")
        }
        Terminal.out.table(table)
    }
}
