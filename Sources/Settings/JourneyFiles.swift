import Domain
import Yams

/// Journeys as they lie on disk: one file for each, `journeys/NAME.yaml`, whose name is the journey's.
public enum JourneyFiles {
    static let keys = [
        "entry", "re_entry", "time_zone", "goals", "exits", "class", "channel", "sender", "variables", "steps", "removed",
    ]
    static let stepKeys = [
        "send", "channel", "class", "sender", "variables", "codes", "code_as", "wait", "until", "wait_for", "where", "within",
        "data", "if_message", "is", "if", "then", "else", "end",
    ]
    /// More files, and more steps of one, are refused.
    static let maximumFiles = 1000
    static let maximumSteps = 200

    /// What the journeys of a directory may refer to.
    public struct Known: Sendable {
        public var policy: Policy
        public var templates: [Template]
        public init(policy: Policy, templates: [Template]) {
            self.policy = policy
            self.templates = templates
        }
    }

    /// The journeys of a directory with their texts, sorted by name.
    /// - Throws: `ConfigErrors` with everything that is wrong in all files.
    public static func read(directory: String, known: Known?) throws(ConfigErrors) -> [(journey: Journey, text: String)] {
        var problems: [ConfigProblem] = []
        var journeys: [(journey: Journey, text: String)] = []
        let names = try filesInDirectory(directory).filter { !$0.hasPrefix(".") }
        guard names.count <= maximumFiles else {
            throw ConfigErrors([
                ConfigProblem(file: directory, problem: "has \(names.count) files", hint: "keep it within \(maximumFiles)")
            ])
        }
        for name in names {
            guard name.hasSuffix(".yaml") else {
                problems.append(ConfigProblem(file: name, problem: "is no journey", hint: "name it NAME.yaml"))
                continue
            }
            do throws(ConfigProblem) {
                let text = try readText("\(directory)/\(name)", shownAs: name)
                do throws(ConfigErrors) {
                    let journey = try parse(text, name: String(name.dropLast(5)), known: known)
                    journeys.append((journey: journey, text: text))
                } catch { problems += error.problems }
            } catch { problems.append(error) }
        }
        guard problems.isEmpty else { throw ConfigErrors(problems) }
        return journeys
    }

    /// One journey.
    /// - Parameter known: nil: what it refers to is not checked (it was when it was applied).
    public static func parse(_ text: String, name: String, known: Known?) throws(ConfigErrors) -> Journey {
        let file = YAMLFile(name: name + ".yaml")
        guard isName(name) else {
            throw ConfigErrors([ConfigProblem(file: file.name, problem: "`\(name)` is not a name", hint: nameRule)])
        }
        let object = file.root(of: text)?.object(keys: keys)
        let journey = object.flatMap { JourneyReading(object: $0, name: name, known: known).journey() }
        guard file.problems.isEmpty, let journey else { throw ConfigErrors(file.problems) }
        return journey
    }
}

extension YAMLValue {
    /// `where: {total: {at_least: 50}, country: [CN, HK]}`: what fields of the data must be. All of it must hold.
    func conditions() -> [Journey.Condition] {
        entries().flatMap { field, place, value -> [Journey.Condition] in
            let names = field.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if names.contains("") {
                file.report(
                    "`\(field)` is not a field", "write a name, or names with points between them", at: place,
                    path: value.path)
            }
            return value.tests().map { Journey.Condition(field: names, test: $0) }
        }
    }

    private func tests() -> [Journey.Condition.Test] {
        if isList { return [.oneOf(items().compactMap { $0.literal() })] }
        guard isMapping else { return literal().map { [.oneOf([$0])] } ?? [] }
        guard let object = object(keys: ["at_least", "at_most", "not"]) else { return [] }
        var tests: [Journey.Condition.Test] = []
        if let bound = object["at_least"]?.number() { tests.append(.atLeast(bound)) }
        if let bound = object["at_most"]?.number() { tests.append(.atMost(bound)) }
        if let value = object["not"]?.literal() { tests.append(.not(value)) }
        if tests.isEmpty { report("says nothing", "write a value, a list of values, or at_least, at_most, not") }
        return tests
    }

    private func number() -> Double? {
        guard let text = text(limit: 40) else { return nil }
        if let number = Double(text), number.isFinite { return number }
        report("\(quoted(text)) is not a number", "write a number such as 50")
        return nil
    }

    /// In quotes it is a text; without them a number and true or false are what they look like.
    private func literal() -> Journey.Scalar? {
        guard let text = text(limit: 200) else { return nil }
        guard case .scalar(let scalar) = node else { return .text(text) }
        guard scalar.style == .plain else { return .text(text) }
        if text == "true" || text == "false" { return .flag(text == "true") }
        if let number = Double(text), number.isFinite { return .number(number) }
        return .text(text)
    }
}
