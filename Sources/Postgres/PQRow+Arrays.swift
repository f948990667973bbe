/// Arrays of one dimension. The plain accessors throw on a NULL array or a NULL element, the `OrNulls` ones keep NULL elements as nil.
extension PQRow {
    func boolArrayOrNulls(_ column: Int) throws -> [Bool?]? {
        try array(column, .boolArray, size: 1) { $0[0] != 0 }
    }
    public func boolArray(_ column: Int) throws -> [Bool] { try complete(column, boolArrayOrNulls(column)) }

    func int2ArrayOrNulls(_ column: Int) throws -> [Int16?]? {
        try array(column, .int2Array, size: 2) { $0.bigEndian(Int16.self, 0) }
    }
    public func int2Array(_ column: Int) throws -> [Int16] { try complete(column, int2ArrayOrNulls(column)) }

    func int4ArrayOrNulls(_ column: Int) throws -> [Int32?]? {
        try array(column, .int4Array, size: 4) { $0.bigEndian(Int32.self, 0) }
    }
    public func int4Array(_ column: Int) throws -> [Int32] { try complete(column, int4ArrayOrNulls(column)) }

    func int8ArrayOrNulls(_ column: Int) throws -> [Int64?]? {
        try array(column, .int8Array, size: 8) { $0.bigEndian(Int64.self, 0) }
    }
    public func int8Array(_ column: Int) throws -> [Int64] { try complete(column, int8ArrayOrNulls(column)) }

    func float8ArrayOrNulls(_ column: Int) throws -> [Double?]? {
        try array(column, .float8Array, size: 8) { Double(bitPattern: $0.bigEndian(UInt64.self, 0)) }
    }
    public func float8Array(_ column: Int) throws -> [Double] { try complete(column, float8ArrayOrNulls(column)) }

    func textArrayOrNulls(_ column: Int) throws -> [String?]? {
        try array(column, .textArray, size: -1) { String(decoding: $0, as: UTF8.self) }
    }
    public func textArray(_ column: Int) throws -> [String] { try complete(column, textArrayOrNulls(column)) }

    func timestamptzArrayOrNulls(_ column: Int) throws -> [Int64?]? {
        try array(column, .timestamptzArray, size: 8) { PQEpoch.fromServer($0.bigEndian(Int64.self, 0)) }
    }
    public func timestamptzArray(_ column: Int) throws -> [Int64] { try complete(column, timestamptzArrayOrNulls(column)) }

    private func complete<Value>(_ column: Int, _ values: [Value?]?) throws -> [Value] {
        try required(column, values).map {
            guard let value = $0 else { throw rows.failure(index, column, "has a NULL element") }
            return value
        }
    }

    /// Reads what `PQParams.array` writes; `size` is that of an element, negative if it varies.
    private func array<Value>(
        _ column: Int, _ type: PQType, size: Int, _ read: (UnsafeRawBufferPointer) -> Value
    ) throws -> [Value?]? {
        guard let bytes = try rows.value(index, column, type) else { return nil }
        guard bytes.count >= 12 else { throw rows.failure(index, column, "is a cut-off array") }
        let dimensions = bytes.bigEndian(Int32.self, 0)
        if dimensions == 0 { return [] }
        guard dimensions == 1, bytes.count >= 20 else { throw rows.failure(index, column, "has \(dimensions) dimensions, not 1") }
        var values: [Value?] = []
        values.reserveCapacity(Int(bytes.bigEndian(Int32.self, 12)))
        var offset = 20
        while offset + 4 <= bytes.count {
            let length = Int(bytes.bigEndian(Int32.self, offset))
            offset += 4
            guard length >= 0 else {
                values.append(nil)
                continue
            }
            guard offset + length <= bytes.count, size < 0 || length == size else {
                throw rows.failure(index, column, "has an element of \(length) bytes")
            }
            values.append(read(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])))
            offset += length
        }
        return values
    }
}
