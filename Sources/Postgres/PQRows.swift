import CLibPQ

/// The answer to one call: rows in libpq's memory, decoded where they lie.
public final class PQRows: @unchecked Sendable {
    // Unchecked: a PGresult never changes after PQgetResult returned it, and reading it is thread-safe.
    let result: OpaquePointer
    /// The statement that asked.
    public let statement: String
    public let count: Int
    public let columnCount: Int

    init(result: OpaquePointer, statement: String) {
        self.result = result
        self.statement = statement
        count = Int(PQntuples(result))
        columnCount = Int(PQnfields(result))
    }

    deinit { PQclear(result) }

    public var columns: [String] { (0..<columnCount).map { String(cString: PQfname(result, Int32($0))) } }

    /// For example `INSERT 0 5`.
    public var commandTag: String { String(cString: PQcmdStatus(result)) }

    /// The only row. Throws `PQError.decoding` if there are none or several.
    public var only: PQRow {
        get throws {
            guard count == 1 else { throw failure(0, 0, "expected one row, got \(count)") }
            return PQRow(rows: self, index: 0)
        }
    }

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(result, Int32(row), Int32(column)) != 0 }

    func failure(_ row: Int, _ column: Int, _ reason: String) -> PQError {
        .decoding(statement: statement, row: row, column: column, reason: reason)
    }

    /// The bytes of a value, nil for SQL NULL, after checking that it is there and of one of the types.
    @inline(__always)
    func value(_ row: Int, _ column: Int, _ type: PQType) throws -> UnsafeRawBufferPointer? {
        guard column >= 0 && column < columnCount else { throw failure(row, column, "there are \(columnCount) columns") }
        let found = PQftype(result, Int32(column))
        if found != type.rawValue && !type.reads(found) {
            throw failure(row, column, "is of type \(PQType.name(of: found)), not \(type)")
        }
        if PQgetisnull(result, Int32(row), Int32(column)) != 0 { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, Int32(row), Int32(column)),
            count: Int(PQgetlength(result, Int32(row), Int32(column))))
    }
}

extension PQRows: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public subscript(position: Int) -> PQRow {
        precondition(position >= 0 && position < count, "row \(position) of \(count)")
        return PQRow(rows: self, index: position)
    }
}

extension PQType {
    /// Whether a value of another type has the same binary form, so that this accessor may read it.
    func reads(_ found: UInt32) -> Bool {
        switch self {
        // name, json, unknown, bpchar, varchar, and user-defined types (labels of enums)
        case .text: [19, 114, 705, 1042, 1043].contains(found) || found >= 16_384
        case .int8: found == 3_220 || found == 5_069  // pg_lsn, xid8
        case .int4: found == 26  // oid, as its bit pattern
        default: false
        }
    }

    static func name(of oid: UInt32) -> String { PQType(rawValue: oid).map { "\($0)" } ?? "oid \(oid)" }
}
