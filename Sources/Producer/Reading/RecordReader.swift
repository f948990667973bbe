import Domain
import Store
import Text

/// How the records of a file are written.
public enum FileFormat: Sendable, Equatable {
    case ndjson
    case csv(delimiter: UInt8)
}

/// Lines to records; what cannot become one is a reject, and the next line is tried.
struct RecordReader {
    enum Step: Equatable {
        case record(Record)
        case reject(Reject)
        case idle
        case end
    }

    private var lines: LineReader
    private let format: FileFormat
    private var builder: RowBuilder
    /// The last line that is done with; blank lines count.
    private(set) var lastLine = 0
    /// The last line had no line end: perhaps something was cut off.
    private(set) var endsWithoutLineFeed = false
    private var parser: CSVParser
    private var columns: [String] = []
    /// Lines of the CSV record that is not complete yet.
    private var open: [Line] = []
    private var openSize = 0
    /// Lines to be read once more, last first, because the record they seemed to belong to was broken.
    private var again: [Line] = []

    /// - Parameter names: what a column or key of the file is called here, such as phone: recipient.
    init(
        _ lines: LineReader, format: FileFormat, defaults: [String: String], names: [String: String] = [:],
        kind: BulkKind = .messages
    ) {
        self.lines = lines
        self.format = format
        builder = RowBuilder(kind, defaults: defaults, names: names)
        if case .csv(let delimiter) = format {
            parser = CSVParser(delimiter: delimiter)
        } else {
            parser = CSVParser(delimiter: 0)
        }
    }

    mutating func next() throws(ProducerError) -> Step {
        while true {
            guard let line = again.popLast() else {
                switch try lines.next() {
                case .idle: return .idle
                case .end where open.isEmpty: return .end
                case .end: return .reject(giveUp("the quote that opens a field in this record is never closed"))
                case .line(let line):
                    if !line.isComplete { endsWithoutLineFeed = true }
                    if let step = try take(line) { return step }
                }
                continue
            }
            if let step = try take(line) { return step }
        }
    }

    /// nil: nothing yet.
    private mutating func take(_ line: Line) throws(ProducerError) -> Step? {
        if line.bytes.isEmpty, open.isEmpty {
            lastLine = line.number
            return nil
        }
        if let problem = Self.fault(of: line) {
            if !open.isEmpty {
                again.append(line)
                return .reject(giveUp("a quoted field of this record runs into line \(line.number), which is not usable"))
            }
            if format != .ndjson, columns.isEmpty {
                throw .file("the header in line \(line.number) is not usable", hint: problem.reason)
            }
            lastLine = line.number
            return .reject(problem.reject(line: line.number, record: String(decoding: line.bytes, as: UTF8.self)))
        }
        if format == .ndjson {
            lastLine = line.number
            let text = String(decoding: line.bytes, as: UTF8.self)
            do throws(Problem) {
                return .record(
                    Record(line: line.number, lastLine: line.number, text: text, row: try builder.row(line: line.bytes)))
            } catch {
                return .reject(error.reject(line: line.number, record: text))
            }
        }
        return try takeCSV(line)
    }

    private mutating func takeCSV(_ line: Line) throws(ProducerError) -> Step? {
        open.append(line)
        openSize += line.bytes.count
        if openSize > LineReader.limit {
            return .reject(giveUp("the quote that opens a field in this record is not closed within \(LineReader.limit) bytes"))
        }
        switch parser.feed(line) {
        case .open: return nil
        case .fault(let reason):
            if columns.isEmpty { throw .file("the header is no CSV", hint: reason) }
            return .reject(giveUp(reason))
        case .record(let fields):
            let text = open.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: "\n")
            let first = open[0].number
            lastLine = line.number
            open = []
            openSize = 0
            // Spreadsheets write their empty rows as separators alone, and Excel a first line that names the separator.
            if fields.allSatisfy(AddressText.isBlank) { return nil }
            if columns.isEmpty {
                if isSeparatorLine(text) { return nil }
                columns = try Header(defaults: builder.defaults, names: builder.names, kind: builder.kind).columns(
                    fields, of: text)
                return nil
            }
            do throws(Problem) {
                guard fields.count >= columns.count, fields[columns.count...].allSatisfy(AddressText.isBlank) else {
                    throw Problem(
                        nil, "bad_csv", "has \(fields.count) fields, the header \(columns.count)",
                        "Quote fields that contain the delimiter; write as many fields as the header has.")
                }
                let row = try builder.row(columns: columns, fields: fields)
                return .record(Record(line: first, lastLine: lastLine, text: text, row: row))
            } catch {
                return .reject(error.reject(line: first, record: text))
            }
        }
    }

    /// `sep=;`
    private func isSeparatorLine(_ text: String) -> Bool {
        guard case .csv(let delimiter) = format, text.lowercased().hasPrefix("sep=") else { return false }
        return Array(text.utf8.dropFirst(4)) == [delimiter]
    }

    /// Rejects the first line of the open record and reads the others again, so that one stray quote costs one record.
    private mutating func giveUp(_ reason: String) -> Reject {
        let first = open[0]
        again += open.dropFirst().reversed()
        open = []
        openSize = 0
        parser.reset()
        lastLine = first.number
        return Reject(
            first.number, nil, "bad_csv", reason, "Close the quote, and double quotes inside a quoted field.",
            record: String(decoding: first.bytes, as: UTF8.self))
    }

    private static func fault(of line: Line) -> Problem? {
        if line.isOverlong {
            return Problem(nil, "too_long", "is longer than \(LineReader.limit) bytes", "Put what is long behind a link.")
        }
        if line.bytes.contains(0) { return Problem(nil, "bad_text", "contains a NUL character", "Leave it out.") }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: line.bytes.span)
            return nil
        } catch {
            return Problem(
                nil, "bad_utf8", "is not UTF-8 (byte \(error.byteOffsets.lowerBound + 1))", "Write the file in UTF-8; see iconv.")
        }
    }
}

extension String {
    var trimmingBlanks: Substring {
        var rest = self[...]
        while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }
}
