#if canImport(Glibc)
    import Glibc
#endif

/// A folder into which a mail server delivers: finished files appear in `new`, and go to `cur` when they have been dealt with.
/// Blocking; call it away from event loops.
package struct Maildir: Sendable {
    package struct Problem: Error, Equatable, CustomStringConvertible {
        var operation: String
        var path: String
        var code: Int32
        package var description: String { "cannot \(operation) \(path): \(String(cString: strerror(code)))" }
    }
    /// What a mail program shows beside a message.
    package enum Flag: String, Sendable {
        case seen = "S"
        /// For somebody to look at.
        case flagged = "F"
    }
    package let path: String

    package init(path: String) { self.path = path }

    /// Some of what is new, in no order.
    /// - Throws: `Problem` when the folder cannot be read.
    package func new(atMost limit: Int) throws(Problem) -> [String] {
        let folder = path + "/new"
        guard let directory = opendir(folder) else { throw Problem(operation: "read", path: folder, code: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while names.count < limit, let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// The first octets of a new message; nil: it is gone, another worker was faster. Empty where it is no file that may be read.
    package func read(_ name: String, atMost limit: Int) -> [UInt8]? {
        // A link or a pipe is no delivered mail: never followed, never waited for.
        let descriptor = open("\(path)/new/\(name)", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT ? nil : [] }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
        let size = min(Int(status.st_size), limit)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = 0
            while count < size, let start = buffer.baseAddress {
                let taken = Glibc.read(descriptor, start + count, size - count)
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else { return }
                count += taken
            }
        }
    }

    /// Out of `new`, with its flag. Without effect when another worker has done so.
    /// - Throws: `Problem`.
    package func putAway(_ name: String, _ flag: Flag) throws(Problem) {
        let from = "\(path)/new/\(name)"
        let bare = name.prefix { $0 != ":" }
        guard rename(from, "\(path)/cur/\(bare):2,\(flag.rawValue)") == 0 || errno == ENOENT && access("\(path)/cur", F_OK) == 0
        else { throw Problem(operation: "put away", path: from, code: errno) }
    }
}
