import Dispatch
import Store

/// Records and rejects of consecutive lines: what one transaction takes in.
struct Chunk: Sendable {
    /// All lines up to this one are done with it.
    var toLine = 0
    var records: [Record] = []
    var rejects: [Reject] = []
    var isLast = false
    /// Bytes of the input read so far.
    var consumed: Int64 = 0
}

/// Reads a file chunk by chunk on a thread of its own, because reading blocks.
final class ChunkReader: @unchecked Sendable {
    // Unchecked: the queue is the only one to touch what varies.
    private let queue = DispatchQueue(label: "martlet.producer.reader")
    private let stop: StopFlag
    private let policy: DuplicatePolicy
    private let batch: Int
    private let kind: BulkKind
    private var lines: LineReader
    private var records: RecordReader?
    private var seen = DuplicateRecipients()
    private var report = DuplicateReport()
    private var skipTo = 0
    let name: String
    /// Of the file on disk; nil for pipes.
    let size: Int64?

    /// Bytes that tell one file from another.
    static let beginningSize = 64 * 1024
    /// A chunk is closed when its records' text has this size, so that memory does not depend on `batch` alone.
    private static let chunkSize = 4 * 1024 * 1024

    init(_ options: ImportOptions, stop: StopFlag) throws(ProducerError) {
        let source = try ByteSource(path: options.path, stop: stop)
        lines = LineReader(source)
        name = source.name
        size = source.size
        self.stop = stop
        batch = options.batch
        kind = options.kind
        // Doubles of people are found by PostgreSQL, over the whole list and by person and address.
        policy = kind == .people ? .ignore : options.duplicates
    }

    /// The first 64 KiB (inflated); of a pipe only the first line, so that slow input is not held back.
    func beginning() async throws(ProducerError) -> [UInt8] {
        let found = await onQueue { () throws(ProducerError) -> [UInt8] in
            while !self.stop.isSet {
                if let bytes = try self.lines.beginning(Self.beginningSize, lineOnly: self.size == nil) { return bytes }
            }
            throw .interrupted("interrupted before anything was read")
        }
        return try found.get()
    }

    /// Decides how records are read; those that end at `line` or before are skipped.
    func start(_ format: FileFormat, defaults: [String: String], names: [String: String] = [:], after line: Int) {
        queue.sync {
            records = RecordReader(lines, format: format, defaults: defaults, names: names, kind: kind)
            skipTo = line
        }
    }

    /// The next chunk. After a stop it may be short, and its end is not the file's.
    func next() async throws(ProducerError) -> Chunk {
        try await onQueue { () throws(ProducerError) -> Chunk in try self.readChunk() }.get()
    }

    var duplicates: DuplicateReport {
        queue.sync {
            report.isComplete = !seen.isFull
            return report
        }
    }

    /// The last line has no line end.
    var endsWithoutLineFeed: Bool { queue.sync { records?.endsWithoutLineFeed ?? false } }

    private func readChunk() throws(ProducerError) -> Chunk {
        guard var reader = records else { throw .internalError("the reader was not started") }
        // Not two owners of its buffers.
        records = nil
        defer { records = reader }
        var chunk = Chunk()
        var size = 0
        reading: while chunk.records.count + chunk.rejects.count < batch, size < Self.chunkSize {
            switch try reader.next() {
            case .record(let record):
                take(record, into: &chunk)
                size += record.text.utf8.count
            case .reject(let reject):
                if reject.line > skipTo { chunk.rejects.append(reject) }
                size += reject.record.utf8.count
            case .idle:
                if stop.isSet || !chunk.records.isEmpty || !chunk.rejects.isEmpty { break reading }
            case .end:
                chunk.isLast = true
                break reading
            }
            if stop.isSet { break }
        }
        chunk.toLine = max(reader.lastLine, skipTo)
        chunk.consumed = lines.source.consumed
        return chunk
    }

    private func take(_ record: Record, into chunk: inout Chunk) {
        if policy != .ignore, seen.sawBefore(record.row) {
            report.count += 1
            let recipient = Address.masked(record.row["recipient"] ?? "")
            if report.examples.count < 20 { report.examples.append(.init(line: record.line, recipient: recipient)) }
            if policy == .reject {
                if record.line > skipTo {
                    chunk.rejects.append(
                        Reject(
                            record.line, "recipient", "duplicate", "is in an earlier line of this file too",
                            "Remove the line, or import with --duplicates warn.", record: record.text))
                }
                return
            }
        }
        guard record.lastLine > skipTo else { return }
        do throws(Problem) {
            switch kind {
            case .messages:
                try RowCheck.check(record.row)
                chunk.records.append(record)
            case .people:
                var record = record
                try PersonCheck.check(&record.row)
                chunk.records.append(record)
            }
        } catch {
            chunk.rejects.append(error.reject(line: record.line, record: record.text))
        }
    }

    private func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable () throws(ProducerError) -> Value
    ) async -> Result<Value, ProducerError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    do throws(ProducerError) {
                        continuation.resume(returning: .success(try body()))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            // No caller waits for the answer: a read of a silent pipe must not hold us up.
            stop.stop()
        }
    }
}
