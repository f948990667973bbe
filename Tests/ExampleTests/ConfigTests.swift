import Domain
import Foundation
import Testing

@testable import Settings

private let config = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Config").path(percentEncoded: false)

@Suite("Files under Config")
struct ConfigTests {
    private func sources(_ name: String) throws -> SettingSources {
        try SettingSources(readingFileOf: ["config": "\(config)/\(name)"], environment: [:])
    }

    @Test("the shipped policy is without mistakes")
    func policy() throws {
        let policy = try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy"))
        #expect(policy.classes.keys.sorted() == ["marketing", "notification", "otp", "transactional"])
    }

    @Test("the shipped templates are without mistakes, and every one exists in Chinese and English")
    func templates() throws {
        let templates = try TemplateFiles.read(directory: config + "/templates")
        #expect(templates.count >= 40)
        for (key, versions) in Dictionary(grouping: templates, by: \.key) {
            for locale in ["zh-CN", "en"] {
                #expect(versions.contains { $0.locale == locale }, "\(key) has no \(locale)")
            }
        }
        #expect(templates.contains { $0.key == "newsletter" && $0.html != nil })
    }

    @Test("templates for notifications require the order number and the time")
    func notifications() throws {
        let policy = try PolicyFiles.parse(PolicyFiles.read(directory: config + "/policy"))
        let always = try #require(policy.classes["notification"]).requiredVariables
        for template in try TemplateFiles.read(directory: config + "/templates")
        where template.key.hasPrefix("parcel-") || template.key.hasPrefix("pickup-") {
            #expect(Set(template.required).isSuperset(of: always), "\(template.key)/\(template.locale)")
        }
    }

    @Test("a required variable of a template occurs in it")
    func requiredIsUsed() throws {
        for template in try TemplateFiles.read(directory: config + "/templates") {
            let texts = [template.subject ?? "", template.body, template.html ?? ""].joined()
            for name in template.required {
                #expect(
                    texts.contains("{{\(name)}}") || texts.contains("{{#\(name)}}"), "\(template.key)/\(template.locale): \(name)"
                )
            }
        }
    }

    @Test("the settings files say exactly the defaults of the code")
    func defaults() throws {
        var worker = try WorkerSettings(from: sources("worker.yaml"))
        let standard = try WorkerSettings(from: SettingSources(environment: [:]))
        worker.origins = standard.origins
        #expect(worker == standard)
        var producer = try ProducerSettings(from: sources("producer.yaml"))
        let standardProducer = try ProducerSettings(from: SettingSources(environment: [:]))
        producer.origins = standardProducer.origins
        #expect(producer == standardProducer)
        var gateway = try GatewaySettings(from: sources("gateway.yaml"))
        let standardGateway = try GatewaySettings(from: SettingSources(environment: [:]))
        gateway.origins = standardGateway.origins
        #expect(gateway == standardGateway)
        let admin = try AdminSettings(from: sources("martlet.yaml"))
        let standardAdmin = try AdminSettings(from: SettingSources(environment: [:]))
        #expect(admin == standardAdmin)
    }

    @Test(
        "the settings files explain every key with its default and limits, and no other key",
        arguments: [
            ("worker.yaml", WorkerSettings.descriptions), ("producer.yaml", ProducerSettings.descriptions),
            ("martlet.yaml", AdminSettings.descriptions), ("gateway.yaml", GatewaySettings.descriptions),
        ])
    func explained(_ name: String, _ descriptions: [SettingDescription]) throws {
        let text = try String(contentsOfFile: "\(config)/\(name)", encoding: .utf8)
        var found: [String] = []
        for section in text.split(separator: /\n(?=[a-z]+:\n)/) {
            let lines = section.split(separator: "\n").map(String.init)
            for (comment, line) in zip(lines, lines.dropFirst()) {
                guard let match = line.wholeMatch(of: /\s{2}(# )?([a-z_]+): .*/), comment.hasPrefix("  # ") else { continue }
                let key = "\(lines[0].dropLast()).\(match.2)"
                let known = try #require(descriptions.first { $0.key == key }, "\(name) explains the unknown key \(key)")
                found.append(key)
                #expect(comment.contains(known.limits), "\(name): \(key): limits are \(known.limits)")
                let standard = known.defaultText.map { "Default \($0)" } ?? "No default"
                #expect(comment.contains(standard), "\(name): \(key): default is \(standard)")
                #expect(
                    (match.1 != nil) == (known.defaultText == nil), "\(name): \(key): only keys without default are commented out"
                )
            }
        }
        #expect(found.sorted() == descriptions.map(\.key).sorted())
    }
}

@Suite("Config/README.md")
struct ConfigReadmeTests {
    @Test("has a row for every setting, with flag, variable, default and limits of the code")
    func settings() throws {
        let text = try String(contentsOfFile: config + "/README.md", encoding: .utf8)
        var expected: [String] = []
        for setting in WorkerSettings.descriptions + ProducerSettings.descriptions + GatewaySettings.descriptions {
            let row =
                "| `\(setting.key)` | `\(setting.flag)` | `\(setting.environmentVariable)` "
                + "| \(setting.defaultText ?? "–") | \(setting.limits) |"
            if !expected.contains(row) { expected.append(row) }
        }
        #expect(
            text.split(separator: "\n").map(String.init).filter { $0.contains("`MARTLET_") && $0.hasPrefix("| `") } == expected)
    }

    @Test("explains every key of every policy file, and no other", arguments: PolicyFiles.names + PolicyFiles.optionalNames)
    func policy(_ name: String) throws {
        let text = try String(contentsOfFile: config + "/README.md", encoding: .utf8)
        let start = try #require(text.range(of: "## policy/\(name)\n"))
        let section = text[start.upperBound...].split(separator: "\n## ").first ?? ""
        let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let keys = rows.flatMap { $0.split(separator: "|")[0].matches(of: /`([a-z_]+)`/).map { String($0.1) } }
        #expect(keys.sorted() == PolicyFiles.keys[name]?.sorted())
    }
}
