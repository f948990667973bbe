/// Flags of the settings: every setting has one, read off its description, so that none is forgotten.
public enum SettingFlags {
    /// Arguments as they were typed, with `--claim-batch 500` and `--claim-batch=500` written as `--set worker.claim_batch=500`.
    ///
    /// Behind `--` everything stays as it is, and so does a flag without a value: the parser says what is wrong with it.
    public static func spelledOut(_ arguments: [String], _ descriptions: [SettingDescription]) -> [String] {
        let keys = Dictionary(descriptions.map { ($0.flag, $0.key) }) { first, _ in first }
        var result: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return result + [argument] + rest }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let key = keys[parts[0]] else {
                // Almost the flag of a setting: `values` says so, for the parser knows no settings and could not suggest one.
                let isMisspelt = parts[0].hasPrefix("--") && suggestion(for: parts[0], among: keys.keys) != nil
                result.append(isMisspelt ? "--set=\(parts[0])" : argument)
                if isMisspelt, parts.count == 1, rest.first?.hasPrefix("-") == false { rest.removeFirst() }
                continue
            }
            if parts.count == 2 {
                result += ["--set", "\(key)=\(parts[1])"]
            } else if let value = rest.popFirst() {
                result += ["--set", "\(key)=\(value)"]
            } else {
                result += ["--set", "\(key)"]
            }
        }
        return result
    }

    /// The values of `--set KEY=VALUE` and `--config`, by flag without dashes, as `SettingSources` takes them.
    public static func values(
        _ sets: [String], config: String?, _ descriptions: [SettingDescription]
    ) throws(SettingFlagError) -> [String: String] {
        var values: [String: String] = [:]
        values["config"] = config
        for pair in sets {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if let meant = suggestion(for: parts[0], among: descriptions.map(\.flag)), parts[0].hasPrefix("--") {
                throw SettingFlagError(description: "Unknown option '\(parts[0])'. Did you mean '\(meant)'?")
            }
            guard let setting = descriptions.first(where: { $0.key == parts[0] }) else {
                let meant = suggestion(for: parts[0], among: descriptions.map(\.key)).map { "; did you mean \($0)?" } ?? ""
                throw SettingFlagError(description: "--set takes KEY=VALUE, and \(parts[0]) is no key of this program\(meant)")
            }
            guard parts.count == 2 else {
                throw SettingFlagError(description: "\(setting.flag) needs a value: \(setting.limits)")
            }
            values[String(setting.flag.dropFirst(2))] = parts[1]
        }
        return values
    }

    /// A line for each setting: flag, default, limits. For `--help`.
    public static func help(_ descriptions: [SettingDescription]) -> String {
        descriptions.map { setting in
            let standard = setting.defaultText.map { "default \($0); " } ?? ""
            return "  \(setting.flag) (\(standard)\(setting.limits))"
        }.joined(separator: "\n")
    }
}

/// A flag that cannot be understood; says which and what to write.
public struct SettingFlagError: Error, CustomStringConvertible {
    public var description: String
}
