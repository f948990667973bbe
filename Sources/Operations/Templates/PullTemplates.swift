import Domain
import Foundation
import Settings
import Store
import Text

/// Writes the newest version of the stored templates into a directory, as `templates push` reads them. Files that say something else stay,
/// unless they are to be replaced.
public struct PullTemplates: UseCase {
    public static let role = Role.admin

    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        /// Paths below the directory.
        public var written: [String] = []
        public var unchanged = 0
        /// They say something else, and were not replaced.
        public var kept: [String] = []
        public var json: JSONValue {
            [
                "dry_run": .bool(isDryRun), "written": .list(written) { .string($0) }, "unchanged": .int(unchanged),
                "kept": .list(kept) { .string($0) },
            ]
        }
    }

    public var directory: ConfigDirectory
    /// nil: all.
    public var key: String?
    public var replaces: Bool
    public var dryRun: Bool
    public init(into directory: ConfigDirectory, key: String?, replaces: Bool, dryRun: Bool = false) {
        self.directory = directory
        self.key = key
        self.replaces = replaces
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        // The one of events has no file.
        let templates = try await context.run(LoadTemplates(key: key)).filter { $0.channel != .webhook }
        if templates.isEmpty { try await context.checkFilters(template: key) }
        var output = Output(isDryRun: dryRun)
        for template in templates {
            for (name, text) in TemplateFile.files(of: template) { try write(text, to: name, &output) }
        }
        return output
    }

    private func write(_ text: String, to name: String, _ output: inout Output) throws {
        let url = URL(filePath: directory.templatesDirectory).appending(path: name)
        if let data = FileManager.default.contents(atPath: url.path) {
            if TemplateFile.isSame(String(decoding: data, as: UTF8.self), text) {
                output.unchanged += 1
                return
            }
            guard replaces else {
                output.kept.append(name)
                return
            }
        }
        if !dryRun {
            do {
                try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: url, options: .atomic)
            } catch {
                throw OperationError(
                    .invalidConfiguration, "\(url.path) cannot be written: \(error.localizedDescription)",
                    hint: "Choose a directory that you may write to.")
            }
        }
        output.written.append(name)
    }
}

/// A template as a file: `TemplateFiles` reads back what this writes.
enum TemplateFile {
    static func files(of template: Template) -> [(name: String, text: String)] {
        let base = "\(template.key)/\(template.locale).\(template.channel)"
        var files = [(base + ".mustache", front(of: template) + template.body + "\n")]
        if let html = template.html { files.append((base + ".html.mustache", html)) }
        return files
    }

    /// But for line breaks at the end, which a template file may have as many of as it likes.
    static func isSame(_ left: String, _ right: String) -> Bool { trimmed(left) == trimmed(right) }

    private static func trimmed(_ text: String) -> Substring {
        var text = text[...]
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// JSON texts are YAML too.
    private static func front(of template: Template) -> String {
        var lines: [String] = []
        if let subject = template.subject { lines.append("subject: " + JSONString.quoted(subject)) }
        if !template.required.isEmpty { lines.append("required: [\(list(template.required))]") }
        if let survey = template.survey {
            let answers = survey.answers.sorted { $0.key < $1.key }.map { "  \($0.key): [\(list($0.value))]" }
            if !answers.isEmpty { lines += ["answers:"] + answers }
            lines.append("answer_within: \(survey.within.configured)")
            if let purpose = survey.confirms { lines.append("confirms: \(purpose)") }
        }
        // A text that begins like front matter needs one before it.
        if lines.isEmpty, template.body.hasPrefix("---") { lines.append("required: []") }
        return lines.isEmpty ? "" : (["---"] + lines + ["---", ""]).joined(separator: "\n")
    }

    private static func list(_ words: [String]) -> String { words.map(JSONString.quoted).joined(separator: ", ") }
}
