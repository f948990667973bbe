import Foundation
import Testing

@Suite("READMEs and the files of .github name only what is there")
struct DocumentTests {
    @Test("the README at the top has at most 130 lines")
    func length() throws {
        let readme = try #require(try Documents.all().first { $0.path == "README.md" })
        #expect(readme.lines.count - 1 <= 130, "README.md has \(readme.lines.count - 1) lines")
    }

    @Test("every link leads to a file of the repository, and its anchor to a heading")
    func links() throws {
        let documents = try Documents.all()
        #expect(documents.count > 18)
        for document in documents {
            for link in Documents.links(document.text) where !link.contains("://") && !link.hasPrefix("mailto:") {
                if let objection = objection(link, of: document, among: documents) {
                    Issue.record("\(document.path): \(objection)")
                }
            }
        }
    }

    private func objection(_ link: String, of document: Documents.Document, among documents: [Documents.Document]) -> String? {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let base = Repository.root.appending(path: document.folder, directoryHint: .isDirectory)
        let file = parts[0].isEmpty ? Repository.root.appending(path: document.path) : base.appending(path: String(parts[0]))
        let path = file.standardizedFileURL.path
        guard FileManager.default.fileExists(atPath: path) else { return "there is no \(link)" }
        guard parts.count == 2 else { return nil }
        let target = documents.first { Repository.root.appending(path: $0.path).standardizedFileURL.path == path }
        guard let target else { return "\(link) has an anchor, and is no document" }
        return Documents.anchors(target.text).contains(String(parts[1])) ? nil : "\(link): \(target.path) has no such heading"
    }

    @Test("every path in a code span is there")
    func paths() throws {
        let files = try NamedPaths.files()
        var count = 0
        for document in try Documents.all() {
            for path in Documents.spans(document.text).flatMap({ NamedPaths.candidates(in: $0, of: document) }) {
                count += 1
                if !NamedPaths.isThere(path, of: document, among: files) { Issue.record("\(document.path): there is no \(path)") }
            }
        }
        #expect(count > 200)
    }

    @Test(
        "every command of ours has the subcommands and flags that it is written with, in documents and in the examples of --help")
    func commands() async throws {
        let commands = try await Commands.ofThisBuild.value
        for document in try Documents.all() {
            for line in Documents.spans(document.text) + Documents.code(document.text).map(String.init) {
                if let objection = commands.objection(line) { Issue.record("\(document.path): \(line): \(objection)") }
                if let flag = line.wholeMatch(of: #/(--[a-z][a-z-]+)([ =].*)?/#), !commands.everyFlag.contains(String(flag.1)) {
                    Issue.record("\(document.path): nothing of ours has \(flag.1)")
                }
            }
        }
        for command in commands.programs.values.flatMap(\.all) {
            for line in (command.discussion ?? "").split(separator: "\n") {
                let example = line.trimmingCharacters(in: .whitespaces)
                if let objection = commands.objection(example) {
                    Issue.record("help of \(command.commandName): \(example): \(objection)")
                }
            }
        }
    }

    @Test(
        "a command that is not there is seen",
        arguments: [
            "martlet message shwo 5", "martlet providers pause|stop NAME --why …", "martlet report --grp KEY",
            "martlet-worker --idle",
            "martlet-producer list.csv --klass marketing", "Deploy/quickstart --fast", "Deploy/tests",
            "martlet slo | martlet nothing",
            "MARTLET_DATABASE_URL=postgres://… martlet migrate down",
        ])
    func unknownCommand(line: String) async throws {
        #expect(try await Commands.ofThisBuild.value.objection(line) != nil)
    }

    @Test(
        "a command that is there is none to complain of",
        arguments: [
            "martlet message show ID", "martlet providers pause|drain|resume NAME --why …", "martlet providers",
            "martlet report --group KEY",
            "martlet-worker --until-idle --claim-batch 500", "martlet --generate-completion-script bash|zsh|fish",
            "martlet.enqueue",
            "Deploy/bench --only pipeline", "Deploy/test --filter X", "martlet slo --json | jq '.classes'", "psql --set x",
        ])
    func knownCommand(line: String) async throws {
        #expect(try await Commands.ofThisBuild.value.objection(line) == nil)
    }

    /// Words that stand for a subject that the sentence should name.
    static let riddles = ["nobody", "whoever", "lets go", "let go", "what comes", "owes", "put off", "puts off"]

    @Test("documents, help, comments and messages name the subject of a sentence", arguments: riddles)
    func plainWords(word: String) async throws {
        for document in try Documents.all() {
            for (index, line) in document.lines.enumerated() where has(word, line) {
                Issue.record("\(document.path):\(index + 1): name who or what, instead of `\(word)`: \(line.prefix(160))")
            }
        }
        let sources = try Repository.files(below: "Sources", ending: ".swift")
        for file in try sources + Repository.files(below: "Migrations/objects", ending: ".sql") {
            for (index, line) in file.lines.enumerated() where has(word, line) {
                Issue.record("\(file.path):\(index + 1): name who or what, instead of `\(word)`: \(line.prefix(160))")
            }
        }
        for command in try await Commands.ofThisBuild.value.programs.values.flatMap(\.all) {
            let help = [command.abstract, command.discussion].compactMap { $0 }.joined(separator: "\n")
            if has(word, help) { Issue.record("help of \(command.commandName): name who or what, instead of `\(word)`") }
        }
    }

    private func has(_ words: String, _ text: some StringProtocol) -> Bool {
        let capital = words.prefix(1).uppercased() + words.dropFirst()
        guard text.contains(words) || text.contains(capital) else { return false }
        let plain = " \(text.split { !$0.isLetter }.joined(separator: " ")) "
        return plain.contains(" \(words) ") || plain.contains(" \(capital) ")
    }

    @Test("what the contract offers, metrics and environment variables are spelt as they are in the sources")
    func names() throws {
        let schema = try String(contentsOf: Repository.root.appending(path: "Migrations/schema.sql"), encoding: .utf8)
        let files = [("Sources", ".swift"), ("Tests", ".swift"), ("Tests", ".py"), ("Deploy", ".py"), ("Deploy", ".env")]
        var sources = try files.flatMap { try Repository.files(below: $0.0, ending: $0.1) }
        sources += try Commands.scripts.flatMap { try Repository.files(below: "Deploy", ending: $0) }
        let text = sources.map(\.text).joined(separator: "\n")
        // Metrics whose names are put together: "martlet_slo_\(figure)".
        let made = text.split(separator: "\n").filter { $0.contains("\"martlet_") }.flatMap {
            $0.matches(of: #/"(martlet_[a-z_]*)\\\([a-z.]+\)([a-z_]*)"/#)
        }.map { ($0.1, $0.2) }
        for document in try Documents.all() {
            for span in Documents.spans(document.text) where span.contains("martlet") || span.contains("MARTLET_") {
                for match in span.matches(of: #/(?:^|[^\/a-z_.-])(martlet(?:_data)?\.[a-z][a-z_0-9]+)\b(?!\.)/#) {
                    let name = String(match.1)
                    guard !name.hasSuffix(".yaml"), !name.hasSuffix("_…") else { continue }
                    if !schema.contains(name) { Issue.record("\(document.path): there is no \(name)") }
                }
                for match in span.matches(of: #/\bmartlet_[a-z_]+_(total|seconds|receipts|days|count)\b/#) {
                    let isThere =
                        text.contains(match.0) || schema.contains(match.0)
                        || made.contains { match.0.hasPrefix($0) && match.0.hasSuffix($1) }
                    if !isThere { Issue.record("\(document.path): there is no \(match.0)") }
                }
                for match in span.matches(of: #/\bMARTLET_[A-Z_]+[A-Z]\b/#) {
                    let isRead = isVariable(String(match.0), in: text)
                    if !isRead { Issue.record("\(document.path): no program reads \(match.0)") }
                }
            }
        }
    }

    @Test("every setting that a document names has its row in Config/README.md")
    func settings() throws {
        let documents = try Documents.all()
        let rows = try #require(documents.first { $0.path == "Config/README.md" }).text
        for document in documents {
            for span in Documents.spans(document.text) {
                guard let key = span.prefixMatch(of: #/(?:worker|gateway|producer|database|log)\.[a-z_]+/#)?.0,
                    !key.hasSuffix(".yaml"), !key.hasSuffix(".env")
                else { continue }
                if !rows.contains("| `\(key)` |") { Issue.record("\(document.path): there is no setting \(key)") }
            }
        }
    }

    /// Variables of settings are made from their keys: `MARTLET_WORKER_NAME` of `worker.name`.
    private func isVariable(_ name: String, in text: String) -> Bool {
        let key = name.dropFirst("MARTLET_".count).lowercased().replacing("_", with: ".", maxReplacements: 1)
        return text.contains(name) || text.contains("\"\(key)\"")
    }
}
