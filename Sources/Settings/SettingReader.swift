import Domain
import Yams

/// Reads the settings of one program, remembers where each value came from, and finds all mistakes in one pass.
final class SettingReader {
    /// Sections that exist; a file may serve several programs, so those of the others are left alone.
    static let sections = ["database", "log", "worker", "producer", "gateway"]

    private let sources: SettingSources
    private let file: YAMLFile?
    private var values: [String: YAMLValue] = [:]
    private var readers: [YAMLFile] = []
    private(set) var descriptions: [SettingDescription] = []
    /// Key → `flag --lease`, `environment variable MARTLET_WORKER_LEASE`, `worker.yaml:3` or `default`.
    private(set) var origins: [String: String] = [:]
    private(set) var warnings: [String] = []
    private var problems: [ConfigProblem] = []

    init(_ sources: SettingSources) {
        self.sources = sources
        file = sources.file.map { YAMLFile(name: $0.name) }
        guard let text = sources.file?.text, let root = file?.root(of: text) else { return }
        for (section, value) in root.object(keys: Self.sections)?.members ?? [:] {
            for (key, place, entry) in value.entries() {
                values["\(section).\(key)"] = entry
                if entry.isNull { file?.report("is empty", "write a value or remove the line", at: place, path: entry.path) }
            }
        }
    }

    func report(_ path: String, _ problem: String, _ hint: String) {
        problems.append(ConfigProblem(file: origins[path] ?? "settings", path: path, problem: problem, hint: hint))
    }

    func warn(_ warning: String) { warnings.append(warning) }

    /// Everything wrong with the values that were read, and with keys of the same sections that no setting has.
    func finish() throws(ConfigErrors) {
        let known = Set(descriptions.map(\.key))
        let own = Set(known.map { $0.prefix { $0 != "." } })
        for (key, value) in values where own.contains(key.prefix { $0 != "." }) && !known.contains(key) {
            value.report("unknown key", knownWords(key, among: known))
        }
        for name in sources.environment.keys.sorted() where own.contains(where: { name.hasPrefix("MARTLET_\($0.uppercased())_") })
        {
            let variables = descriptions.map(\.environmentVariable)
            if !variables.contains(name), name != "MARTLET_DATABASE_URL", let meant = suggestion(for: name, among: variables) {
                warn("environment variable \(name) is not used; did you mean \(meant)?")
            }
        }
        let all = problems + (file?.problems ?? []) + readers.flatMap(\.problems)
        if !all.isEmpty { throw ConfigErrors(all) }
    }

    // MARK: values

    func integer(_ key: String, default standard: Int, in range: ClosedRange<Int>, unit: String) -> Int {
        describe(key, "\(standard)", "\(range.lowerBound)…\(range.upperBound) \(unit)")
        return value(of: key)?.integer(in: range) ?? standard
    }

    func duration(_ key: String, default standard: Duration, in range: ClosedRange<Duration>) -> Duration {
        describe(key, standard.configured, "\(range.lowerBound.configured)…\(range.upperBound.configured)")
        return value(of: key)?.duration(in: range) ?? standard
    }

    func bool(_ key: String, default standard: Bool) -> Bool {
        describe(key, "\(standard)", "true, false")
        return value(of: key)?.bool() ?? standard
    }

    func word<Word: RawRepresentable & CaseIterable>(_ key: String, default standard: Word) -> Word
    where Word.RawValue == String {
        describe(key, standard.rawValue, Word.allCases.map(\.rawValue).joined(separator: ", "))
        return value(of: key)?.word(Word.self) ?? standard
    }

    /// A text that `read` checks; `standard` is what the file would say, nil when there is no fixed default.
    func text<Value>(
        _ key: String, default standard: String?, limits: String, _ read: (YAMLValue) -> Value?
    ) -> Value? {
        describe(key, standard, limits)
        return value(of: key).flatMap(read)
    }

    /// An address to listen on; nil: `off`.
    func addressOrOff(_ key: String, default standard: ListenAddress) -> ListenAddress? {
        var isOff = false
        let address = text(key, default: "\(standard)", limits: "host:port, port 0 for any free one, or off") {
            value -> ListenAddress? in
            isOff = value.text() == "off"
            return isOff ? nil : value.listenAddress()
        }
        return isOff ? nil : address ?? standard
    }

    /// True when a flag, variable or file sets it.
    func isSet(_ key: String) -> Bool { origins[key] != "default" && origins[key] != nil }

    func environment(_ name: String) -> String? {
        sources.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func describe(_ key: String, _ standard: String?, _ limits: String) {
        descriptions.append(
            SettingDescription(
                key: key, flag: "--" + flag(key), environmentVariable: variable(key), defaultText: standard,
                limits: limits))
    }

    private func flag(_ key: String) -> String {
        let parts = key.split(separator: ".")
        let isShared = parts[0] == "database" || parts[0] == "log"
        return (isShared ? parts.joined(separator: "-") : String(parts[1])).replacing("_", with: "-")
    }

    private func variable(_ key: String) -> String {
        "MARTLET_" + key.uppercased().replacing(".", with: "_")
    }

    private func value(of key: String) -> YAMLValue? {
        func given(_ text: String, by source: String) -> YAMLValue {
            origins[key] = source
            let reader = YAMLFile(name: source)
            readers.append(reader)
            return YAMLValue(node: Node(text, .implicit, .any), path: key, file: reader)
        }
        if let text = sources.flags[flag(key)] { return given(text, by: "flag --\(flag(key))") }
        if let text = environment(variable(key)) { return given(text, by: "environment variable \(variable(key))") }
        if let value = values[key], !value.isNull, let file {
            origins[key] = "\(file.name):\(value.node.mark?.line ?? 1)"
            return value
        }
        origins[key] = "default"
        return nil
    }
}
