import Glibc

/// One physical line, without its line end.
struct Line: Sendable, Equatable {
    var bytes: [UInt8]
    /// From 1.
    var number: Int
    /// It ended with CR LF.
    var hadReturn = false
    /// Only its beginning is in `bytes`.
    var isOverlong = false
    /// False for a last line that no line end closes.
    var isComplete = true
}

/// Cuts bytes into lines, whatever their length, holding at most one line and one step of input.
struct LineReader {
    enum Step {
        case line(Line)
        case idle
        case end
    }
    /// Bytes of one line, and of one record of several lines.
    static let limit = 256 * 1024
    /// What is kept of a line beyond the limit.
    private static let kept = 1024

    let source: ByteSource
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to here there is no line feed.
    private var searched = 0
    private var number = 0
    private var hasEnded = false
    /// The beginning of a line that passed the limit, while its end is looked for.
    private var overlong: [UInt8]?

    init(_ source: ByteSource) { self.source = source }

    /// The first bytes, up to `count` or only the first line of them, without taking them; nil: not all there yet, ask again.
    mutating func beginning(_ count: Int, lineOnly: Bool) throws(ProducerError) -> [UInt8]? {
        while buffer.count < count, !hasEnded, !(lineOnly && buffer.contains(0x0A)) {
            guard try fill() else { return nil }
        }
        let bytes = buffer.prefix(count)
        return Array(lineOnly ? bytes.prefix { $0 != 0x0A } : bytes)
    }

    mutating func next() throws(ProducerError) -> Step {
        while true {
            if let end = lineFeed() { return .line(take(upTo: end, skipping: 1)) }
            if hasEnded {
                guard start < buffer.count || overlong != nil else { return .end }
                var line = take(upTo: buffer.count, skipping: 0)
                line.isComplete = false
                return .line(line)
            }
            if buffer.count - start > Self.limit {
                if overlong == nil { overlong = Array(buffer[start..<start + Self.kept]) }
                start = buffer.count
                searched = start
            }
            guard try fill() else { return .idle }
        }
    }

    private mutating func fill() throws(ProducerError) -> Bool {
        switch try source.next() {
        case .idle: return false
        case .end: hasEnded = true
        case .bytes(let bytes):
            searched -= start
            buffer.removeFirst(start)
            start = 0
            buffer += bytes
        }
        return true
    }

    private mutating func lineFeed() -> Int? {
        let found: Int? = buffer.withUnsafeBytes { bytes in
            guard searched < bytes.count, let base = bytes.baseAddress else { return nil }
            return memchr(base + searched, 0x0A, bytes.count - searched).map { UnsafeRawPointer($0) - base }
        }
        if found == nil { searched = buffer.count }
        return found
    }

    private mutating func take(upTo end: Int, skipping: Int) -> Line {
        number += 1
        var line = Line(bytes: [], number: number)
        if let overlong {
            line.bytes = overlong
            line.isOverlong = true
            self.overlong = nil
        } else {
            var first = start
            var last = end
            if number == 1, buffer[start..<end].starts(with: [0xEF, 0xBB, 0xBF]) { first += 3 }
            if last > first, buffer[last - 1] == 0x0D {
                last -= 1
                line.hadReturn = true
            }
            line.bytes = Array(buffer[first..<last])
            if line.bytes.count > Self.limit {
                line.isOverlong = true
                line.bytes.removeLast(line.bytes.count - Self.kept)
            }
        }
        start = end + skipping
        searched = start
        return line
    }
}
