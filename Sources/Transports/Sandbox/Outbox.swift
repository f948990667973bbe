import Callbacks

#if canImport(Glibc)
    import Glibc
#endif

/// The sandbox's own log: one line per hand-over, appended by one write(2), so that lines of several processes never mix.
final class Outbox {
    private let descriptor: Int32
    /// A write that stopped halfway (disk full) left a torso: the next line begins with a line end of its own.
    private var torn = false

    /// Makes the folder too, where there is none: a person who tries the shipped policy has not read that it needs one.
    /// - Throws: `ProviderError`.
    init(path: String, provider: String) throws {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC
        var opened = open(path, flags, 0o640)
        if opened < 0, errno == ENOENT, let slash = path.lastIndex(of: "/"), mkdir(String(path[..<slash]), 0o750) == 0 {
            opened = open(path, flags, 0o640)
        }
        descriptor = opened
        guard descriptor >= 0 else {
            throw ProviderError.file(provider: provider, option: "outbox", path: path, cause: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// nil, or why the line is not in the file.
    func append(_ line: [UInt8]) -> String? {
        while true {
            let written = torn ? writeLine([0x0A] + line) : writeLine(line)
            let wanted = torn ? line.count + 1 : line.count
            if written == wanted {
                torn = false
                return nil
            }
            if written < 0 && errno == EINTR { continue }
            if written > 0 { torn = true }
            return written < 0 ? String(cString: strerror(errno)) : "only \(written) of \(wanted) bytes were written"
        }
    }

    private func writeLine(_ line: [UInt8]) -> Int {
        line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}
