import Callbacks
import Foundation
import Logging

/// The rules in force: those of the script file, read again when it changes, then those of the options. So a test or an
/// operator can make a running provider fail and recover.
struct SandboxScript {
    private let fixed: SandboxRules
    private let path: String?
    private var seen: Stamp?
    /// One complaint for one broken file, not fifty a second.
    private var hasComplained = false
    private var nextLook: ContinuousClock.Instant = .now
    private(set) var rules: SandboxRules

    /// - Throws: `ProviderError`.
    init(_ options: SandboxOptions) throws {
        fixed = options.rules
        path = options.script
        rules = options.rules
        guard let path else { return }
        do {
            try load(path)
        } catch let problem as SandboxRules.Problem {
            throw ProviderError.badOption(
                provider: options.provider, option: "script", value: problem.rule, remedy: problem.remedy)
        } catch {
            throw ProviderError.file(provider: options.provider, option: "script", path: path, cause: "\(error)")
        }
    }

    /// Looks at the file at most every 20 ms. A file that cannot be read keeps the rules as they were.
    mutating func refresh(now: ContinuousClock.Instant, logger: Logger) {
        guard let path, now >= nextLook else { return }
        nextLook = now + .milliseconds(20)
        do {
            guard try Stamp(path) != seen else { return }
            try load(path)
            hasComplained = false
            logger.info("sandbox rules read again", metadata: ["rules": "\(rules.rules.count)"])
        } catch {
            if hasComplained { return }
            hasComplained = true
            logger.error("sandbox rules not read; the old ones stay", metadata: ["script": "\(path)", "error": "\(error)"])
        }
    }

    private mutating func load(_ path: String) throws {
        seen = try Stamp(path)
        rules = try SandboxRules(String(contentsOfFile: path, encoding: .utf8), before: fixed)
    }

    /// Tells one version of a file from the next.
    private struct Stamp: Equatable {
        var modified: Date?
        var number: Int?

        init(_ path: String) throws {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            modified = attributes[.modificationDate] as? Date
            number = attributes[.systemFileNumber] as? Int
        }
    }
}

extension SandboxRules {
    /// The rules of `text`, then those of `other`.
    init(_ text: String, before other: SandboxRules) throws {
        try self.init(text)
        append(other)
    }
}
