import Callbacks

#if canImport(Glibc)
    import Glibc
#endif

/// The sandbox's own log: one line per hand-over, appended by one write(2), so that lines of several processes never mix.
final class Outbox {
    private let descriptor: Int32
    /// A write that stopped halfway (disk full) left a torso: the next line begins with a line end of its own.
    private var torn = false

    /// - Throws: `ProviderError`.
    init(path: String, provider: String) throws {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
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
