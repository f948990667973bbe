import Foundation

/// The READMEs and the files of `.github`, and what their Markdown names: links, code spans, lines of code.
enum Documents {
    struct Document {
        /// From the root on.
        var path: String
        var text: String
        var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    /// Everything that may be written down is in one of these folders, or at the top.
    static let folders = [".github", "Config", "Deploy", "Migrations", "Sources", "Tests", "findings"]

    static func all() throws -> [Document] {
        var paths = ["README.md"]
        for folder in folders {
            let below = try FileManager.default.subpathsOfDirectory(atPath: Repository.root.appending(path: folder).path)
            paths += below.filter { $0.hasSuffix(".md") }.map { "\(folder)/\($0)" }
        }
        return try paths.sorted().map {
            Document(path: $0, text: try String(contentsOf: Repository.root.appending(path: $0), encoding: .utf8))
        }
    }

    /// Lines outside of fenced code.
    static func prose(_ text: String) -> [Substring] { parts(text).prose }

    /// Lines of fenced code, without those that are drawings or output: fences of a shell, or without a language.
    static func code(_ text: String) -> [Substring] { parts(text).code }

    private static func parts(_ text: String) -> (prose: [Substring], code: [Substring]) {
        var prose: [Substring] = []
        var code: [Substring] = []
        var fence: Substring?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.drop { $0 == " " }
            if bare.hasPrefix("```") {
                fence = fence == nil ? bare.dropFirst(3) : nil
            } else if let language = fence {
                if ["", "sh", "bash"].contains(language) { code.append(line) }
            } else {
                prose.append(line)
            }
        }
        return (prose, code)
    }

    /// Targets of `[words](target)`.
    static func links(_ text: String) -> [String] {
        prose(text).filter { $0.contains("](") }.flatMap { $0.matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.1) } }
    }

    /// What stands between backticks, with the backslash taken away that keeps a `|` inside a table's cell.
    static func spans(_ text: String) -> [String] {
        prose(text).flatMap { line in
            line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element).replacing("\\|", with: "|") }
        }
    }

    /// The anchors of headings, as GitHub makes them: lower case, blanks to `-`, punctuation away.
    static func anchors(_ text: String) -> Set<String> {
        Set(
            prose(text).filter { $0.hasPrefix("#") }.map { line in
                let heading = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
                return String(heading.filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }).replacing(" ", with: "-")
            })
    }
}

/// Files that documents name.
enum NamedPaths {
    /// Words of a code span that can only be files of this repository.
    static func candidates(in span: String, of document: Documents.Document) -> [String] {
        span.split(separator: " ").map { word in
            String(word.drop { "([".contains($0) }.prefix { !",;:)]".contains($0) })
        }.filter { isPath($0, of: document) }
    }

    private static let suffixes = [".swift", ".sql", ".py", ".md", ".sh"]

    private static func isPath(_ word: String, of document: Documents.Document) -> Bool {
        guard word.contains("/") || suffixes.contains(where: word.hasSuffix),
            word.wholeMatch(of: #/\.?[A-Za-z0-9][A-Za-z0-9_.@+*\/-]*/#) != nil, !word.contains("//")
        else { return false }
        let parts = word.split(separator: "/")
        // What builds and the quickstart make is not committed.
        guard ![".build", ".martlet", ".venv"].contains(parts[0]) else { return false }
        // `KEY/LOCALE.CHANNEL.mustache`: parts of a name that a reader fills in.
        guard
            !parts.contains(where: {
                $0.contains(#/\b[A-Z]{3,}(\b|_)/#) && $0 != "README.md" && $0 != "CONTRIBUTING.md" && $0 != "CHANGELOG.md"
                    && $0 != "SECURITY.md"
            })
        else { return false }
        if parts.count == 1 { return suffixes.contains(where: word.hasSuffix) }
        return roots(of: document).contains { exists("\($0)\(parts[0])") }
    }

    /// Where a name may begin: at the top, in `Sources` and `Tests`, and beside the document.
    private static func roots(of document: Documents.Document) -> [String] {
        ["", "Sources/", "Tests/"] + (document.folder.isEmpty ? [] : [document.folder + "/"])
    }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Repository.root.appending(path: path).path)
    }

    /// Whether the repository has it: as it stands, with `.swift` behind it, by a `*`, or, for a name without a folder, anywhere.
    static func isThere(_ path: String, of document: Documents.Document, among files: Set<String>) -> Bool {
        if !path.contains("/"), !path.contains("*") {
            return files.contains { $0 == path || $0.hasSuffix("/\(path)") }
        }
        let bare = path.hasSuffix("/") ? String(path.dropLast()) : path
        return roots(of: document).contains { root in
            guard bare.contains("*") else { return exists(root + bare) || exists("\(root)\(bare).swift") }
            let parts = (root + bare).split(separator: "*")
            return files.contains { file in file.hasPrefix(parts[0]) && parts.dropFirst().allSatisfy { file.contains($0) } }
        }
    }

    /// All files below the folders that documents name files of.
    static func files() throws -> Set<String> {
        var files: Set<String> = ["README.md", "Package.swift", ".ci/run"]
        for folder in Documents.folders {
            let below = try FileManager.default.subpathsOfDirectory(atPath: Repository.root.appending(path: folder).path)
            files.formUnion(below.map { "\(folder)/\($0)" })
        }
        return files
    }
}
