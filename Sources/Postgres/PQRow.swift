/// One row. Columns count from 0. Every accessor throws `PQError.decoding` when the column is of another type, and the plain ones
/// when it is NULL; the `OrNull` ones return nil.
public struct PQRow: Sendable {
    let rows: PQRows
    public let index: Int

    public func isNull(_ column: Int) throws -> Bool {
        guard column >= 0 && column < rows.columnCount else {
            throw rows.failure(index, column, "there are \(rows.columnCount) columns")
        }
        return rows.isNull(index, column)
    }

    @inline(__always)
    func required<Value>(_ column: Int, _ value: Value?) throws -> Value {
        guard let value else { throw rows.failure(index, column, "is NULL") }
        return value
    }

    @inline(__always)
    func scalar<Value>(
        _ column: Int, _ type: PQType, size: Int, _ read: (UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value? {
        guard let bytes = try rows.value(index, column, type) else { return nil }
        guard size < 0 || bytes.count == size else { throw rows.failure(index, column, "has \(bytes.count) bytes, not \(size)") }
        return try read(bytes)
    }

    public func boolOrNull(_ column: Int) throws -> Bool? { try scalar(column, .bool, size: 1) { $0[0] != 0 } }
    public func int2OrNull(_ column: Int) throws -> Int16? { try scalar(column, .int2, size: 2) { $0.bigEndian(Int16.self, 0) } }
    public func int4OrNull(_ column: Int) throws -> Int32? { try scalar(column, .int4, size: 4) { $0.bigEndian(Int32.self, 0) } }
    /// Also pg_lsn and xid8.
    public func int8OrNull(_ column: Int) throws -> Int64? { try scalar(column, .int8, size: 8) { $0.bigEndian(Int64.self, 0) } }
    public func float8OrNull(_ column: Int) throws -> Double? {
        try scalar(column, .float8, size: 8) { Double(bitPattern: $0.bigEndian(UInt64.self, 0)) }
    }
    /// Also varchar, char(n), name, json and the labels of enums.
    public func textOrNull(_ column: Int) throws -> String? {
        try scalar(column, .text, size: -1) { String(decoding: $0, as: UTF8.self) }
    }
    func byteaOrNull(_ column: Int) throws -> [UInt8]? { try scalar(column, .bytea, size: -1) { Array($0) } }
    /// Microseconds since 1970-01-01 UTC; `infinity` is `Int64.max`.
    public func timestamptzOrNull(_ column: Int) throws -> Int64? {
        try scalar(column, .timestamptz, size: 8) { PQEpoch.fromServer($0.bigEndian(Int64.self, 0)) }
    }
    /// Days count 24 hours; an interval with months throws, because a month has no length.
    public func intervalOrNull(_ column: Int) throws -> Duration? {
        try scalar(column, .interval, size: 16) { bytes in
            guard bytes.bigEndian(Int32.self, 12) == 0 else { throw rows.failure(index, column, "is an interval with months") }
            return .microseconds(bytes.bigEndian(Int64.self, 0)) + .seconds(Int64(bytes.bigEndian(Int32.self, 8)) * 86_400)
        }
    }
    /// The JSON text.
    public func jsonbOrNull(_ column: Int) throws -> String? {
        try scalar(column, .jsonb, size: -1) { bytes in
            guard bytes.first == 1 else { throw rows.failure(index, column, "is jsonb of an unknown version") }
            return String(decoding: bytes.dropFirst(), as: UTF8.self)
        }
    }

    public func bool(_ column: Int) throws -> Bool { try required(column, boolOrNull(column)) }
    public func int2(_ column: Int) throws -> Int16 { try required(column, int2OrNull(column)) }
    public func int4(_ column: Int) throws -> Int32 { try required(column, int4OrNull(column)) }
    public func int8(_ column: Int) throws -> Int64 { try required(column, int8OrNull(column)) }
    public func float8(_ column: Int) throws -> Double { try required(column, float8OrNull(column)) }
    public func text(_ column: Int) throws -> String { try required(column, textOrNull(column)) }
    public func bytea(_ column: Int) throws -> [UInt8] { try required(column, byteaOrNull(column)) }
    public func timestamptz(_ column: Int) throws -> Int64 { try required(column, timestamptzOrNull(column)) }
    public func interval(_ column: Int) throws -> Duration { try required(column, intervalOrNull(column)) }
    public func jsonb(_ column: Int) throws -> String { try required(column, jsonbOrNull(column)) }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func bigEndian<Number: FixedWidthInteger>(_ type: Number.Type, _ offset: Int) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}
