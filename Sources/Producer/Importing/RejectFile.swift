import Foundation
import Glibc

/// The reject file: appended in line order and on disk before the chunk that rejected them commits.
///
/// After a crash it may hold rejects of a chunk that did not commit; they lie behind the last done line and are cut off at the next start.
final class RejectFile {
    let path: String
    private let withRecord: Bool
    private var descriptor: Int32 = -1
    private var isRegular = true
    /// Up to here the file belongs to committed chunks.
    private var kept: Int64 = 0
    private var written: Int64 = 0
    /// Rejects of earlier runs that are still in it.
    private(set) var earlier = 0

    /// - Parameter doneLines: how far the import had come; 0 removes a file of that name.
    init(path: String, withRecord: Bool, doneLines: Int) throws(ProducerError) {
        self.path = path
        self.withRecord = withRecord
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        isRegular = status.st_mode & S_IFMT == S_IFREG
        guard isRegular else { return }
        if doneLines == 0 {
            guard unlink(path) == 0 else { throw failure("cannot be removed") }
        } else {
            try open()
            try cut(after: doneLines)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes rejects behind the kept ones, replacing those of a failed try, and waits for the disk.
    func write(_ rejects: [Reject]) throws(ProducerError) {
        if rejects.isEmpty, written == kept { return }
        if descriptor < 0 { try open() }
        if isRegular, written > kept {
            guard ftruncate(descriptor, off_t(kept)) == 0 else { throw failure("cannot be cut") }
        }
        written = kept
        var text: [UInt8] = []
        for reject in rejects { text += Array(reject.encoded(withRecord: withRecord).utf8) }
        var sent = 0
        while sent < text.count {
            let count = text.withUnsafeBytes { bytes in
                let rest = bytes.count - sent
                return isRegular
                    ? pwrite(descriptor, bytes.baseAddress! + sent, rest, off_t(kept) + off_t(sent))
                    : Glibc.write(descriptor, bytes.baseAddress! + sent, rest)
            }
            guard count > 0 || errno == EINTR else { throw failure("cannot be written") }
            sent += max(0, count)
        }
        written += Int64(text.count)
        if isRegular, fdatasync(descriptor) != 0 { throw failure("cannot be written") }
    }

    /// The chunk of the last `write` has committed.
    func keep() { kept = written }

    private func open() throws(ProducerError) {
        // Records hold addresses and texts: nobody else's business.
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | (isRegular ? O_NOFOLLOW : 0), 0o600)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
    }

    private func cut(after doneLines: Int) throws(ProducerError) {
        var offset: Int64 = 0
        var lineStart: Int64 = 0
        var head: [UInt8] = []
        scanning: while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)))
            }
            if bytes.isEmpty { break }
            for byte in bytes {
                offset += 1
                if byte != 0x0A {
                    if head.count < 40 { head.append(byte) }
                    continue
                }
                guard let line = Self.line(of: head), line <= doneLines else { break scanning }
                earlier += 1
                lineStart = offset
                head.removeAll(keepingCapacity: true)
            }
        }
        kept = lineStart
        written = kept
        guard ftruncate(descriptor, off_t(kept)) == 0 else { throw failure("cannot be cut") }
    }

    private static func line(of head: [UInt8]) -> Int? {
        let text = String(decoding: head, as: UTF8.self)
        return text.prefixMatch(of: /\{"line":([0-9]+),/).flatMap { Int($0.1) }
    }

    private func failure(_ what: String) -> ProducerError { .input(path, "\(what): \(String(cString: strerror(errno)))") }
}
