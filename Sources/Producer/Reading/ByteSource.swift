import Glibc
import Synchronization

/// Set once, by a signal or when no more is wanted; the reader looks at it at least twice a second.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)
    public init() {}
    public func stop() { flag.store(true, ordering: .relaxed) }
    public var isSet: Bool { flag.load(ordering: .relaxed) }
}

/// The bytes of a file or of standard input, inflated if they are gzip (known by the first two bytes). Holds one step at a time.
final class ByteSource {
    enum Step {
        case bytes([UInt8])
        /// A pipe had nothing for half a second.
        case idle
        case end
    }
    static let stepSize = 64 * 1024

    let name: String
    /// Bytes of the file as it lies on disk; nil for pipes.
    let size: Int64?
    /// Bytes read of it.
    private(set) var consumed: Int64 = 0
    private let descriptor: Int32
    private let stop: StopFlag
    private var inflater: Inflater?
    /// Read before anybody asked, to see what it is.
    private var head: [UInt8]?
    private var hasStarted = false

    /// - Parameter path: nil for standard input.
    init(path: String?, stop: StopFlag) throws(ProducerError) {
        self.stop = stop
        name = path ?? "standard input"
        descriptor = path.map { open($0, O_RDONLY | O_CLOEXEC) } ?? dup(0)
        guard descriptor >= 0 else { throw .input(name, String(cString: strerror(errno))) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .input(name, String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .input(name, "is a directory") }
        size = status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
        posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_SEQUENTIAL))
    }

    deinit { close(descriptor) }

    /// The next bytes, at most 64 KiB. Throws when the input cannot be read or its gzip is damaged or cut off.
    func next() throws(ProducerError) -> Step {
        if !hasStarted {
            guard try start() else { return .idle }
        }
        guard let inflater else {
            if let head {
                self.head = nil
                return head.isEmpty ? .end : .bytes(head)
            }
            return try read()
        }
        while true {
            if inflater.wantsInput {
                if let head {
                    self.head = nil
                    inflater.give(head)
                } else {
                    switch try read() {
                    case .bytes(let bytes): inflater.give(bytes)
                    case .idle: return .idle
                    case .end:
                        if let problem = inflater.problemAtEnd { throw .input(name, problem) }
                        return .end
                    }
                }
            }
            switch inflater.step() {
            case .success(let output) where output.isEmpty: continue
            case .success(let output): return .bytes(output)
            case .failure(let fault): throw .input(name, fault.problem)
            }
        }
    }

    /// False: there are not yet two bytes to look at.
    private func start() throws(ProducerError) -> Bool {
        var first = head ?? []
        while first.count < 2 {
            switch try read() {
            case .bytes(let bytes): first += bytes
            case .idle:
                head = first
                return false
            case .end:
                head = first
                hasStarted = true
                return true
            }
        }
        hasStarted = true
        head = first
        if first[0] == 0x1F, first[1] == 0x8B {
            guard let inflater = Inflater() else { throw .input(name, "zlib has no memory") }
            self.inflater = inflater
        }
        return true
    }

    private func read() throws(ProducerError) -> Step {
        if size == nil || stop.isSet {
            if stop.isSet { return .idle }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // An interrupted wait is an idle one.
            if poll(&waiting, 1, 500) <= 0 { return .idle }
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.stepSize) { buffer, count in
            let found = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if found < 0 { failure = errno }
            count = max(0, found)
        }
        if failure == EINTR || failure == EAGAIN { return .idle }
        guard failure == 0 else { throw .input(name, String(cString: strerror(failure))) }
        consumed += Int64(bytes.count)
        return bytes.isEmpty ? .end : .bytes(bytes)
    }
}
