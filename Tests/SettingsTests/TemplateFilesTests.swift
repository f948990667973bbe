import Domain
import Foundation
import Settings
import Testing

/// A directory with these files (path → text), removed afterwards.
func withFiles<Result>(_ files: [String: String], _ body: (String) throws -> Result) throws -> Result {
    let root = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(at: root) } catch { Issue.record("\(root) stays: \(error)") }
    }
    for (path, text) in files {
        let file = root.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    return try body(root.path(percentEncoded: false))
}

@Suite("Template files")
struct TemplateFilesTests {
    private func problems(_ files: [String: String]) throws -> [String] {
        try withFiles(files) { directory in
            do throws(ConfigErrors) {
                _ = try TemplateFiles.read(directory: directory)
                return []
            } catch {
                return error.problems.map(\.description)
            }
        }
    }

    @Test("a template is its key, locale, channel, subject, required variables, body and HTML")
    func reading() throws {
        let files = [
            "welcome/en.email.mustache":
                "---\nsubject: \"Hello: {{name}}\"\nrequired: [name, shop.url]\n---\nHi {{name}}\n\n--\nus\n\n",
            "welcome/en.email.html.mustache": "<p>Hi {{name}}</p>\n",
            "welcome/zh-Hant-TW.sms.mustache": "---\r\nrequired:\r\n- name\r\n---\r\n你好{{name}}\r\n",
            "welcome/default.sms.mustache": "Hi\n", "README.md": "not a template", "welcome/.hidden": "x",
        ]
        let templates = try withFiles(files) { try TemplateFiles.read(directory: $0) }
        #expect(
            templates == [
                Template(key: "welcome", locale: "default", channel: .sms, body: "Hi"),
                Template(
                    key: "welcome", locale: "en", channel: .email, subject: "Hello: {{name}}", body: "Hi {{name}}\n\n--\nus",
                    html: "<p>Hi {{name}}</p>\n", required: ["name", "shop.url"]),
                Template(key: "welcome", locale: "zh-Hant-TW", channel: .sms, body: "你好{{name}}", required: ["name"]),
            ])
    }

    @Test(
        "a mistake in a template file is named with its place and its remedy",
        arguments: [
            (
                "a/en.email.mustache", "hello",
                "a/en.email.mustache:1:1: subject: is missing; begin the file with ---, subject: …, ---"
            ),
            ("a/en.email.mustache", "---\nsubject:\n---\nhello", "subject: is missing"),
            (
                "a/en.email.mustache", "---\nsubjekt: x\n---\nhello",
                "a/en.email.mustache:2:1: subjekt: unknown key; did you mean subject?"
            ),
            ("a/en.email.mustache", "---\nsubject: |\n  a\n  b\n---\nhello", "subject: contains a line break"),
            (
                "a/en.sms.mustache", "---\nsubject: x\n---\nhello",
                "a/en.sms.mustache:2:10: subject: only e-mail has a subject; remove it"
            ),
            (
                "a/en.sms.mustache", "---\nrequired: name\n---\nhello",
                "2:11: required: is the text `name`, not a list; write [a, b]"
            ),
            ("a/en.sms.mustache", "---\nrequired:\n - a\n - b c\n---\nhello", "4:4: required[1]: `b c` is not a variable"),
            ("a/en.sms.mustache", "---\nrequired: [a]\nhello", "1:1: the front matter does not end; close it with a line ---"),
            ("a/en.sms.mustache", "---\nrequired: [a\n---\nhello", "not valid YAML"),
            ("a/en.sms.mustache", "---\nrequired: [a]\n---\n\n", "has no text; write the body"),
            ("a/en.sms.mustache", "", "has no text"),
            ("a/en.smss.mustache", "hello", "unknown channel `smss`; did you mean sms?"),
            ("a/en.fax.mustache", "hello", "unknown channel `fax`; known: email, sms"),
            ("a/english.sms.mustache", "hello", "`english` is not a locale; use a BCP 47 tag such as en or zh-CN, or default"),
            ("a/en_GB.sms.mustache", "hello", "`en_GB` is not a locale"),
            ("a/en.sms.txt", "hello", "is not the name of a template; name it LOCALE.CHANNEL.mustache"),
            ("a/en.mustache", "hello", "is not the name of a template"),
            ("a/en.sms.html.mustache", "hello", "only e-mail has an HTML part"),
            ("a/en.email.html.mustache", "<p>", "has no text part; add a/en.email.mustache with the subject"),
            ("Login/en.sms.mustache", "hello", "Login: is not a template key; use lower-case letters"),
            ("en.sms.mustache", "hello", "is not in a folder; move it to KEY/LOCALE.CHANNEL.mustache"),
        ])
    func mistakes(_ path: String, _ text: String, _ report: String) throws {
        let found = try problems([path: text])
        #expect(found.contains { $0.contains(report) }, "found \(found)")
    }

    @Test("the mistakes of all template files are reported at once")
    func allAtOnce() throws {
        let found = try problems(["a/en.sms.mustache": "", "b/en.fax.mustache": "x", "c/en.email.mustache": "x"])
        #expect(found.map { $0.prefix(1) } == ["a", "b", "c"])
    }

    @Test("a template file that is not UTF-8 or larger than 1 MiB is refused")
    func bounds() throws {
        let found = try problems(["a/en.sms.mustache": String(repeating: "x", count: (1 << 20) + 1)])
        #expect(found == ["a/en.sms.mustache: is too large; keep it within 1048576 bytes"])
        try withFiles(["a/en.sms.mustache": "x"]) { directory in
            try Data([0x68, 0xE9]).write(to: URL(filePath: directory + "/a/en.sms.mustache"))
            #expect {
                try TemplateFiles.read(directory: directory)
            } throws: { error in
                "\(error)" == "a/en.sms.mustache: is not UTF-8; save it as UTF-8"
            }
        }
    }
}
