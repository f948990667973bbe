import Foundation

/// Where the settings of a process come from. The first that has a value wins: flag, environment variable, file, default. An empty
/// environment variable counts as not set.
public struct SettingSources: Sendable {
    /// By name without dashes: `claim-batch`.
    public var flags: [String: String]
    public var environment: [String: String]
    /// Name and text of the settings file, or nil.
    public var file: (name: String, text: String)?

    public init(flags: [String: String] = [:], environment: [String: String], file: (name: String, text: String)? = nil) {
        self.flags = flags
        self.environment = environment
        self.file = file
    }

    /// Reads the file that `--config` or `MARTLET_CONFIG` names, if any.
    /// - Throws: `ConfigErrors` when it cannot be read.
    public init(readingFileOf flags: [String: String], environment: [String: String]) throws(ConfigErrors) {
        self.init(flags: flags, environment: environment)
        let path = flags["config"] ?? environment["MARTLET_CONFIG"] ?? ""
        guard !path.isEmpty else { return }
        do throws(ConfigProblem) {
            file = (path, try readText(path, shownAs: path))
        } catch {
            let source = flags["config"] != nil ? "flag --config" : "environment variable MARTLET_CONFIG"
            throw ConfigErrors([ConfigProblem(file: error.file, problem: "\(error.problem) (\(source))", hint: error.hint)])
        }
    }

    /// The contents of a file that holds one secret, without its last line break. `warn` is told when others may read the file.
    static func secret(inFile path: String, warn: (String) -> Void) throws(ConfigProblem) -> Secret {
        var text = try readText(path, shownAs: path)
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
        guard !text.isEmpty else { throw ConfigProblem(file: path, problem: "is empty", hint: "write the secret into it") }
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            if let mode = attributes[.posixPermissions] as? Int, mode & 0o004 != 0 {
                warn("\(path) can be read by everybody on this machine; chmod 0400 it")
            }
        } catch {
            warn("\(path): its permissions cannot be read")
        }
        return Secret(text)
    }
}

/// One key of a program's settings, as its example file under `Config/` explains it.
public struct SettingDescription: Sendable, Equatable {
    /// `worker.lease`: section and key in the file.
    public var key: String
    /// `--lease`
    public var flag: String
    /// `MARTLET_WORKER_LEASE`
    public var environmentVariable: String
    /// What the file would say for the default; nil when there is no fixed one.
    public var defaultText: String?
    /// `1…1000 messages`, `5s…10m`, `json, text`.
    public var limits: String
}
