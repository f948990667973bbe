import Domain
import Foundation

/// Templates as they lie on disk: `KEY/LOCALE.CHANNEL.mustache`, with YAML front matter (`subject`, `required`, `answers`,
/// `answer_within`, `confirms`) between two `---` lines, and for e-mail optionally `KEY/LOCALE.email.html.mustache` without. The Mustache syntax is Rendering's to check.
public enum TemplateFiles {
    /// More files than this are refused.
    static let maximumFiles = 10_000

    /// All templates below a directory, sorted by key, locale and channel; every version is 1.
    /// - Parameter channels: the channels that exist; `sms` and `email` unless the policy defines more.
    /// - Throws: `ConfigErrors` with everything that is wrong in all files.
    public static func read(
        directory: String, channels: Set<Channel> = [.sms, .email]
    ) throws(ConfigErrors) -> [Template] {
        let reading = TemplateReading(directory: directory, channels: channels)
        for entry in try filesInDirectory(directory) where !entry.hasPrefix(".") {
            if isDirectory(directory + "/" + entry) {
                reading.readKey(entry, files: try filesInDirectory(directory + "/" + entry))
            } else if entry.hasSuffix(".mustache") {
                reading.report(entry, "is not in a folder", "move it to KEY/LOCALE.CHANNEL.mustache")
            }
        }
        guard reading.problems.isEmpty else { throw ConfigErrors(reading.problems) }
        return reading.templates
    }

    private static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}

/// One pass over a directory of templates.
private final class TemplateReading {
    let directory: String
    let channels: Set<Channel>
    var templates: [Template] = []
    var problems: [ConfigProblem] = []
    private var filesRead = 0

    init(directory: String, channels: Set<Channel>) {
        self.directory = directory
        self.channels = channels
    }

    func report(_ file: String, _ problem: String, _ hint: String) {
        problems.append(ConfigProblem(file: file, problem: problem, hint: hint))
    }

    func readKey(_ key: String, files: [String]) {
        guard isName(key) else { return report(key, "is not a template key", nameRule) }
        let names = files.filter { !$0.hasPrefix(".") }
        filesRead += names.count
        guard filesRead <= TemplateFiles.maximumFiles else {
            return report(key, "is one file too many", "keep at most \(TemplateFiles.maximumFiles) template files")
        }
        for name in names {
            guard let parts = fileName(name, in: key), !parts.isHTML else { continue }
            read(key: key, name: name, locale: parts.locale, channel: parts.channel, siblings: names)
        }
        for name in names where name.hasSuffix(".email.html.mustache") {
            let text = name.replacing(".html.mustache", with: ".mustache")
            if !names.contains(text) { report("\(key)/\(name)", "has no text part", "add \(key)/\(text) with the subject") }
        }
    }

    /// `LOCALE.CHANNEL.mustache` or `LOCALE.email.html.mustache`, or nil after a report.
    private func fileName(_ name: String, in key: String) -> (locale: String, channel: Channel, isHTML: Bool)? {
        let file = "\(key)/\(name)"
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isHTML = parts.count == 4 && parts[2] == "html"
        guard parts.last == "mustache", parts.count == 3 || isHTML else {
            report(file, "is not the name of a template", "name it LOCALE.CHANNEL.mustache, such as en.sms.mustache")
            return nil
        }
        guard parts[0] == "default" || isLocale(parts[0]) else {
            report(file, "`\(parts[0])` is not a locale", "use a BCP 47 tag such as en or zh-CN, or default")
            return nil
        }
        let channel = Channel(rawValue: parts[1])
        guard channels.contains(channel) else {
            report(file, "unknown channel `\(parts[1])`", knownWords(parts[1], among: channels.map(\.rawValue)))
            return nil
        }
        if isHTML, channel != .email {
            report(file, "only e-mail has an HTML part", "remove it or name it \(parts[0]).email.html.mustache")
            return nil
        }
        return (parts[0], channel, isHTML)
    }

    private func read(key: String, name: String, locale: String, channel: Channel, siblings: [String]) {
        do throws(ConfigProblem) {
            let file = "\(key)/\(name)"
            let source = try TemplateSource(text: readText("\(directory)/\(file)", shownAs: file), file: file)
            let front = FrontMatter(source, channel: channel)
            problems += front.problems
            var template = Template(
                key: key, locale: locale, channel: channel, subject: front.subject, body: source.body,
                required: front.required, survey: front.survey)
            let html = "\(locale).email.html.mustache"
            if channel == .email, siblings.contains(html) {
                template.html = try readText("\(directory)/\(key)/\(html)", shownAs: "\(key)/\(html)")
            }
            templates.append(template)
        } catch {
            problems.append(error)
        }
    }
}

/// A template file taken apart.
private struct TemplateSource {
    var file: String
    /// The YAML between the `---` lines; nil when the file does not begin with one.
    var frontMatter: String?
    /// Without the last line break; for SMS every character costs.
    var body: String

    init(text: String, file: String) throws(ConfigProblem) {
        self.file = file
        let lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
        var bodyLines = lines[...]
        if lines.first == "---" {
            guard let end = lines.dropFirst().firstIndex(of: "---") else {
                throw ConfigProblem(
                    file: file, line: 1, column: 1, problem: "the front matter does not end", hint: "close it with a line ---")
            }
            frontMatter = lines[1..<end].joined(separator: "\n")
            bodyLines = lines[(end + 1)...]
        }
        while bodyLines.last == "" { bodyLines.removeLast() }
        body = bodyLines.joined(separator: "\n")
        guard !body.isEmpty else {
            throw ConfigProblem(file: file, line: lines.count, column: 1, problem: "has no text", hint: "write the body")
        }
    }
}

/// What stands between the `---` lines.
private struct FrontMatter {
    var subject: String?
    var required: [String] = []
    var survey: Survey?
    var problems: [ConfigProblem] = []

    init(_ source: TemplateSource, channel: Channel) {
        let yaml = YAMLFile(name: source.file, linesBefore: 1)
        if let text = source.frontMatter,
            let object = yaml.root(of: text)?.object(keys: ["subject", "required"] + YAMLObject.surveyKeys)
        {
            required = object["required"]?.texts(limit: 100) { $0.variableName() } ?? []
            survey = object.survey(on: channel)
            if channel == .email {
                subject = object["subject"]?.line(limit: 500)
            } else if let value = object["subject"] {
                value.report("only e-mail has a subject", "remove it")
            }
        }
        problems = yaml.problems
        if channel == .email, subject == nil, problems.isEmpty {
            problems = [
                ConfigProblem(
                    file: source.file, line: 1, column: 1, path: "subject", problem: "is missing",
                    hint: "begin the file with ---, subject: …, ---")
            ]
        }
    }
}
