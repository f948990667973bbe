/// Arrays, with and without NULL elements. A whole array that is NULL is `null(.int8Array)`.
///
/// Arrays and not any collection: what is generic here runs unspecialised when another module calls it (a sixth of a worker's time).
extension PQParams {
    public mutating func boolArray(_ values: [Bool]) {
        elements(.boolArray, .bool, values) { $0.append($1 ? 1 : 0) }
    }
    public mutating func boolArray(_ values: [Bool?]) {
        optionals(.boolArray, .bool, values) { $0.append($1 ? 1 : 0) }
    }

    public mutating func int2Array(_ values: [Int16]) {
        elements(.int2Array, .int2, values) { $0.appendBigEndian($1) }
    }
    public mutating func int2Array(_ values: [Int16?]) {
        optionals(.int2Array, .int2, values) { $0.appendBigEndian($1) }
    }

    public mutating func int4Array(_ values: [Int32]) {
        elements(.int4Array, .int4, values) { $0.appendBigEndian($1) }
    }
    public mutating func int4Array(_ values: [Int32?]) {
        optionals(.int4Array, .int4, values) { $0.appendBigEndian($1) }
    }

    public mutating func int8Array(_ values: [Int64]) {
        elements(.int8Array, .int8, values) { $0.appendBigEndian($1) }
    }
    public mutating func int8Array(_ values: [Int64?]) {
        optionals(.int8Array, .int8, values) { $0.appendBigEndian($1) }
    }

    public mutating func float8Array(_ values: [Double]) {
        elements(.float8Array, .float8, values) { $0.appendBigEndian($1.bitPattern) }
    }
    public mutating func float8Array(_ values: [Double?]) {
        optionals(.float8Array, .float8, values) { $0.appendBigEndian($1.bitPattern) }
    }

    public mutating func textArray(_ values: [String]) {
        elements(.textArray, .text, values) { $0.appendText($1) }
    }
    public mutating func textArray(_ values: [String?]) {
        optionals(.textArray, .text, values) { $0.appendText($1) }
    }

    public mutating func byteaArray(_ values: [[UInt8]]) {
        elements(.byteaArray, .bytea, values) { $0.append(contentsOf: $1) }
    }
    public mutating func byteaArray(_ values: [[UInt8]?]) {
        optionals(.byteaArray, .bytea, values) { $0.append(contentsOf: $1) }
    }

    public mutating func timestamptzArray(_ values: [Int64]) {
        elements(.timestamptzArray, .timestamptz, values) { $0.appendTimestamp($1) }
    }
    public mutating func timestamptzArray(_ values: [Int64?]) {
        optionals(.timestamptzArray, .timestamptz, values) { $0.appendTimestamp($1) }
    }

    public mutating func intervalArray(_ values: [Duration]) {
        elements(.intervalArray, .interval, values) { $0.appendInterval($1) }
    }
    public mutating func intervalArray(_ values: [Duration?]) {
        optionals(.intervalArray, .interval, values) { $0.appendInterval($1) }
    }

    public mutating func jsonbArray(_ values: [String]) {
        elements(.jsonbArray, .jsonb, values) { $0.appendJSON($1) }
    }
    public mutating func jsonbArray(_ values: [String?]) {
        optionals(.jsonbArray, .jsonb, values) { $0.appendJSON($1) }
    }

    @inline(__always)
    mutating func elements<Value>(
        _ type: PQType, _ element: PQType, _ values: [Value], _ write: (inout [UInt8], Value) -> Void
    ) {
        array(type, of: element, values) { bytes, value in
            write(&bytes, value)
            return true
        }
    }

    @inline(__always)
    private mutating func optionals<Value>(
        _ type: PQType, _ element: PQType, _ values: [Value?], _ write: (inout [UInt8], Value) -> Void
    ) {
        array(type, of: element, values) { bytes, value in
            guard let value else { return false }
            write(&bytes, value)
            return true
        }
    }
}
