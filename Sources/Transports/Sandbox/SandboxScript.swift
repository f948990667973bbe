import Logging

#if canImport(Glibc)
    import Glibc
#endif

/// The rules in force: those of the script file, read again when it changes, then those of the options. So a test or an
/// operator can make a running provider fail and recover.
struct SandboxScript {
    private let fixed: SandboxRules
    private let path: String?
    private var seen: timespec?
    private var nextLook: ContinuousClock.Instant = .now
    private(set) var rules: SandboxRules

    /// - Throws: `TransportError`.
    init(_ options: SandboxOptions) throws {
        fixed = options.rules
        path = options.script
        rules = options.rules
        guard let path else { return }
        do {
            try load(path)
        } catch let problem as SandboxRules.Problem {
            throw TransportError.badOption(
                provider: options.provider, option: "script", value: problem.rule, remedy: problem.remedy)
        } catch {
            throw TransportError.file(provider: options.provider, option: "script", path: path, cause: "\(error)")
        }
    }

    /// Looks at the file at most every 20 ms. A file that cannot be read keeps the rules as they were.
    mutating func refresh(now: ContinuousClock.Instant, logger: Logger) {
        guard let path, now >= nextLook else { return }
        nextLook = now + .milliseconds(20)
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        if let seen, seen.tv_sec == status.st_mtim.tv_sec, seen.tv_nsec == status.st_mtim.tv_nsec { return }
        do {
            try load(path)
            logger.info("sandbox rules read again", metadata: ["rules": "\(rules.rules.count)"])
        } catch {
            logger.error("sandbox rules not read; the old ones stay", metadata: ["script": "\(path)", "error": "\(error)"])
        }
    }

    private struct FileError: Error, CustomStringConvertible { let description: String }

    private mutating func load(_ path: String) throws {
        guard let file = fopen(path, "r") else { throw FileError(description: String(cString: strerror(errno))) }
        defer { fclose(file) }
        var status = stat()
        guard fstat(fileno(file), &status) == 0 else { throw FileError(description: String(cString: strerror(errno))) }
        seen = status.st_mtim
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        rules = try SandboxRules(String(decoding: bytes[..<count], as: UTF8.self), before: fixed)
    }
}

extension SandboxRules {
    /// The rules of `text`, then those of `other`.
    init(_ text: String, before other: SandboxRules) throws {
        try self.init(text)
        append(other)
    }
}
