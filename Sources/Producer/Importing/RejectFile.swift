import Foundation
import Glibc

/// The reject file of one run: appended in line order and on disk before the chunk that rejected them commits.
///
/// It is locked (flock) before the import's position is asked: two runs never write into one file. What belongs to a chunk that did not commit is cut off when
/// the run ends; after a crash it lies behind the last done line, and the next start cuts it off.
final class RejectFile {
    let path: String
    private let withRecord: Bool
    private var descriptor: Int32 = -1
    private var isRegular = true
    /// Up to here the file belongs to committed chunks.
    private var kept: Int64 = 0
    private var written: Int64 = 0
    /// Rejects of earlier runs that are still in it.
    var earlier: Int { earlierLines.count }
    private(set) var earlierLines: Set<Int> = []

    /// Takes the file for this run. A pipe or device is written to as it is.
    /// - Throws: `anotherRun` while another run has it.
    init(path: String, withRecord: Bool) throws(ProducerError) {
        self.path = path
        self.withRecord = withRecord
        var status = stat()
        if lstat(path, &status) == 0 { isRegular = status.st_mode & S_IFMT == S_IFREG }
        if isRegular { try lock() }
    }

    /// - Parameter doneLines: how far the import had come; 0 empties the file.
    func start(after doneLines: Int) throws(ProducerError) {
        guard isRegular else { return }
        if doneLines > 0 {
            try cut(after: doneLines)
        } else if ftruncate(descriptor, 0) != 0 {
            throw failure("cannot be emptied")
        }
    }

    /// Without rejects there is no file.
    deinit {
        guard descriptor >= 0 else { return }
        if isRegular, kept == 0, written == 0 { unlink(path) }
        close(descriptor)
    }

    /// What was written for a chunk that is known not to be in.
    func discard() throws(ProducerError) {
        guard isRegular, written > kept else { return }
        guard ftruncate(descriptor, off_t(kept)) == 0 else { throw failure("cannot be cut") }
        written = kept
    }

    private func lock() throws(ProducerError) {
        for _ in 0..<100 {
            try open()
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                descriptor = -1
                throw .anotherRun(
                    "another run writes rejects to \(path); run this when it has ended, or name another file with --rejects")
            }
            // A run that ended without rejects has removed its file: then what was opened is no longer what has the name.
            var (mine, named) = (stat(), stat())
            if fstat(descriptor, &mine) == 0, stat(path, &named) == 0, mine.st_ino == named.st_ino, mine.st_dev == named.st_dev {
                return
            }
            close(descriptor)
            descriptor = -1
        }
        throw failure("cannot be locked")
    }

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
        // Records hold addresses and texts: only the owner may read them.
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
                earlierLines.insert(line)
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
