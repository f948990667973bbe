/// RFC 4180, line by line: a record is complete when no quoted field is open at the end of its line.
///
/// More lenient than the RFC in one point: a quote inside an unquoted field stands for itself (`5" pipe`).
struct CSVParser {
    enum Step: Equatable {
        case record([String])
        /// A quoted field goes on in the next line.
        case open
        case fault(String)
    }
    private enum State { case start, plain, quoted, afterQuote }

    let delimiter: UInt8
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var state = State.start

    init(delimiter: UInt8) { self.delimiter = delimiter }

    /// Takes one line of valid UTF-8.
    mutating func feed(_ line: Line) -> Step {
        for byte in line.bytes {
            switch (state, byte) {
            case (.quoted, UInt8(ascii: "\"")): state = .afterQuote
            case (.quoted, _): field.append(byte)
            case (.afterQuote, UInt8(ascii: "\"")):
                field.append(byte)
                state = .quoted
            case (_, delimiter): endField()
            case (.start, UInt8(ascii: "\"")): state = .quoted
            case (.afterQuote, _):
                reset()
                return .fault("text follows the closing quote of a field; double the quotes inside a quoted field")
            default:
                field.append(byte)
                state = .plain
            }
        }
        if state == .quoted {
            field += line.hadReturn ? [0x0D, 0x0A] : [0x0A]
            return .open
        }
        endField()
        defer { reset() }
        return .record(fields)
    }

    mutating func reset() {
        fields = []
        field.removeAll(keepingCapacity: true)
        state = .start
    }

    private mutating func endField() {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        state = .start
    }
}
