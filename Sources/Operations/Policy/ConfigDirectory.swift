import Callbacks
import Domain
import Foundation
import Rendering
import Settings
import Transports

/// A directory like `Config/`: `policy/` and `templates/` below it.
public struct ConfigDirectory: Sendable {
    public let root: String
    var policyDirectory: String { root + "/policy" }
    var templatesDirectory: String { root + "/templates" }

    public init(_ root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    /// Everything of it, checked.
    public struct Content: Sendable {
        /// Name → text, as the operators wrote them.
        public var files: [String: String]
        public var policy: Policy
        public var templates: [ParsedTemplate]
        public var warnings: [String]
    }

    /// - Throws: `ConfigErrors` with all that is wrong in all files, each with the path of its file.
    public func load() throws(ConfigErrors) -> Content {
        var problems: [ConfigProblem] = []
        var warnings: [String] = []
        func collect<T>(_ directory: String, _ body: () throws(ConfigErrors) -> T) -> T? {
            do throws(ConfigErrors) {
                return try body()
            } catch {
                problems += error.problems.map { $0.below(directory) }
                return nil
            }
        }
        let files = collect(policyDirectory) { () throws(ConfigErrors) in try PolicyFiles.read(directory: policyDirectory) }
        let policy = files.flatMap { files in
            collect(policyDirectory) { () throws(ConfigErrors) in try PolicyFiles.parse(files) }
        }
        if let policy {
            problems += transportProblems(policy, files ?? [:]).map { $0.below(policyDirectory) }
            let (unusable, elsewhere) = fileProblems(policy, files ?? [:])
            problems += unusable.map { $0.below(policyDirectory) }
            warnings += elsewhere
        }
        // The one of events has its own.
        let channels = (policy?.channels ?? [.sms, .email]).subtracting([.webhook])
        let templates =
            collect(templatesDirectory) { () throws(ConfigErrors) in
                try TemplateFiles.read(directory: templatesDirectory, channels: channels)
            } ?? []
        if let policy { problems += surveyProblems(templates, policy).map { $0.below(templatesDirectory) } }
        var parsed: [ParsedTemplate] = []
        for template in templates {
            do throws(RenderError) {
                parsed.append(try ParsedTemplate(template))
            } catch {
                problems.append(problem(error, in: template).below(templatesDirectory))
            }
        }
        guard problems.isEmpty, let files, let policy else { throw ConfigErrors(problems) }
        return Content(files: files, policy: policy, templates: parsed, warnings: warnings + Self.warnings(policy, parsed))
    }

    private func problem(_ error: RenderError, in template: Template) -> ConfigProblem {
        let base = "\(template.key)/\(template.locale).\(template.channel)"
        guard case .templateSyntax(let place, let problem, let remedy) = error else {
            return ConfigProblem(file: base + ".mustache", problem: error.sentence, hint: error.remedy)
        }
        if place.part == .html {
            return ConfigProblem(
                file: base + ".html.mustache", line: place.line, column: place.column, problem: problem, hint: remedy)
        }
        let lines = frontMatter(of: templatesDirectory + "/" + base + ".mustache")
        if place.part == .subject {
            let line = lines.firstIndex { $0.hasPrefix("subject:") }.map { $0 + 1 }
            return ConfigProblem(file: base + ".mustache", line: line, path: "subject", problem: problem, hint: remedy)
        }
        return ConfigProblem(
            file: base + ".mustache", line: place.line + lines.count, column: place.column, problem: problem, hint: remedy)
    }

    /// The lines before the Mustache text begins, `---` included.
    private func frontMatter(of path: String) -> [Substring] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let lines = String(decoding: data, as: UTF8.self).replacing("\r\n", with: "\n")
            .split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return [] }
        return Array(lines[...end])
    }
}

extension ConfigDirectory {
    private func transportProblems(_ policy: Policy, _ files: [String: String]) -> [ConfigProblem] {
        let endpoints = policy.endpointNames
        return policy.providers.values.sorted { $0.name < $1.name }.compactMap { provider in
            do {
                try TransportFactory.check(provider)
                return nil
            } catch let error as ProviderError {
                return self.problem(error, of: provider.name, endpoints[provider.name], files)
            } catch {
                return ConfigProblem(file: "providers.yaml", path: "providers.\(provider.name)", problem: "\(error)")
            }
        }
    }

    /// Files that providers' options name: those of this machine that cannot be used, and a warning for each that it does not have.
    private func fileProblems(_ policy: Policy, _ files: [String: String]) -> (problems: [ConfigProblem], warnings: [String]) {
        let endpoints = policy.endpointNames
        var (problems, warnings): ([ConfigProblem], [String]) = ([], [])
        for provider in policy.providers.values.sorted(by: { $0.name < $1.name }) {
            for found in TransportFactory.fileProblems(provider) {
                if found.isHere {
                    problems.append(problem(found.error, of: provider.name, endpoints[provider.name], files))
                } else {
                    warnings.append("\(found.error). Each worker needs it; this machine does not have it, so it was not checked")
                }
            }
        }
        return (problems, warnings)
    }

    private func problem(
        _ error: ProviderError, of provider: String, _ endpoint: String?, _ files: [String: String]
    ) -> ConfigProblem {
        if let endpoint { return problem(error, of: endpoint, files) }
        let place = YAMLPlace.find(provider, error.option ?? "transport", in: files["providers.yaml"] ?? "")
        let path = "providers.\(provider)" + (error.option.map { ".options.\($0)" } ?? ".transport")
        return ConfigProblem(file: "providers.yaml", line: place, path: path, problem: error.description)
    }

    /// Of the provider that an endpoint stands for.
    private func problem(_ error: ProviderError, of endpoint: String, _ files: [String: String]) -> ConfigProblem {
        let key = error.option == "signing_secret_file" ? "secret_file" : error.option ?? "url"
        let place = YAMLPlace.find(endpoint, key, in: files["webhooks.yaml"] ?? "")
        return ConfigProblem(
            file: "webhooks.yaml", line: place, path: "endpoints.\(endpoint).\(key)", problem: error.description)
    }

    /// A class that no policy has cannot be confirmed.
    private func surveyProblems(_ templates: [Template], _ policy: Policy) -> [ConfigProblem] {
        templates.compactMap { template in
            guard let purpose = template.survey?.confirms, policy.classes[purpose] == nil else { return nil }
            return ConfigProblem(
                file: "\(template.key)/\(template.locale).\(template.channel).mustache", path: "confirms",
                problem: "there is no class `\(purpose)`", hint: "known: \(policy.classes.keys.sorted().joined(separator: ", "))")
        }
    }

    /// What is allowed, but surprises later.
    private static func warnings(_ policy: Policy, _ templates: [ParsedTemplate]) -> [String] {
        let sets = Dictionary(grouping: templates) { "\($0.template.key) (\($0.template.channel))" }
        let without = sets.filter { !$0.value.contains { $0.template.locale == "default" } }.keys.sorted()
        var warnings: [String] = []
        if !without.isEmpty {
            let named = without.prefix(3).joined(separator: ", ") + (without.count > 3 ? ", …" : "")
            warnings.append(
                "\(without.count) of \(sets.count) templates have no locale `default` (\(named)): a recipient whose language is missing gets a dead letter"
            )
        }
        for channel in policy.channels.sorted(by: { $0.rawValue < $1.rawValue })
        where !policy.routes.contains(where: { $0.channel == nil || $0.channel == channel }) {
            warnings.append("no route takes messages of channel \(channel)")
        }
        warnings += policy.budgetWarnings
        return warnings
    }
}

extension ConfigProblem {
    /// The same with the path of its file.
    fileprivate func below(_ directory: String) -> ConfigProblem {
        var problem = self
        if file != directory { problem.file = directory + "/" + file }
        return problem
    }
}

extension Policy {
    /// By the provider that stands for the endpoint.
    fileprivate var endpointNames: [String: String] {
        Dictionary(webhooks.map { ($0.provider, $0.name) }) { first, _ in first }
    }
}

extension ProviderError {
    fileprivate var option: String? {
        switch self {
        case .unknownTransport: nil
        case .unknownOption(_, let option, _), .missingOption(_, let option, _), .badOption(_, let option, _, _),
            .file(_, let option, _, _):
            option
        }
    }
}
