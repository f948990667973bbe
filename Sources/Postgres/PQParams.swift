/// Parameters of one call in PostgreSQL's binary format, in one buffer and in the order of `$1`, `$2`, …
///
/// Every parameter carries its type, so that statements need no casts. `nil` is SQL NULL.
public struct PQParams: Sendable {
    struct Slot {
        var offset: Int32
        /// -1 is SQL NULL.
        var length: Int32
    }

    private(set) var bytes: [UInt8] = []
    private(set) var slots: [Slot] = []
    private(set) var types: [UInt32] = []

    public init() {}

    public var count: Int { slots.count }

    public mutating func bool(_ value: Bool?) { scalar(.bool, value) { $0.append($1 ? 1 : 0) } }
    public mutating func int2(_ value: Int16?) { scalar(.int2, value) { $0.appendBigEndian($1) } }
    public mutating func int4(_ value: Int32?) { scalar(.int4, value) { $0.appendBigEndian($1) } }
    public mutating func int8(_ value: Int64?) { scalar(.int8, value) { $0.appendBigEndian($1) } }
    public mutating func float8(_ value: Double?) { scalar(.float8, value) { $0.appendBigEndian($1.bitPattern) } }
    /// PostgreSQL refuses text with a zero byte (22021).
    public mutating func text(_ value: String?) { scalar(.text, value) { $0.appendText($1) } }
    public mutating func bytea(_ value: [UInt8]?) { scalar(.bytea, value) { $0.append(contentsOf: $1) } }
    /// Microseconds since 1970-01-01 UTC; `Int64.max` and `Int64.min` are `infinity` and `-infinity`.
    public mutating func timestamptz(_ value: Int64?) { scalar(.timestamptz, value) { $0.appendTimestamp($1) } }
    /// Whole microseconds; the rest is cut off.
    public mutating func interval(_ value: Duration?) { scalar(.interval, value) { $0.appendInterval($1) } }
    /// JSON text, passed through as it is.
    public mutating func jsonb(_ value: String?) { scalar(.jsonb, value) { $0.appendJSON($1) } }
    /// Text whose type the server infers from the statement: labels of enum types.
    public mutating func label(_ value: String?) { scalar(.inferred, value) { $0.appendText($1) } }
    /// SQL NULL of any type.
    public mutating func null(_ type: PQType) { scalar(type, Int?.none) { _, _ in } }

    @inline(__always)
    mutating func scalar<Value>(_ type: PQType, _ value: Value?, _ write: (inout [UInt8], Value) -> Void) {
        let offset = bytes.count
        if let value { write(&bytes, value) }
        precondition(bytes.count <= Int32.max, "parameters of one call exceed 2 GiB")
        slots.append(Slot(offset: Int32(offset), length: value == nil ? -1 : Int32(bytes.count - offset)))
        types.append(type.rawValue)
    }

    /// `array_send`: dimensions, has-null flag, element type, length, lower bound, then length and value of each element.
    @inline(__always)
    mutating func array<Value>(
        _ type: PQType, of element: PQType, _ values: [Value], _ write: (inout [UInt8], Value) -> Bool
    ) {
        scalar(type, values) { bytes, values in
            // Twice what there is at least: an exact reservation for each array would copy the arrays before it each time.
            let wanted = bytes.count + 20 + values.count * 12
            if wanted > bytes.capacity { bytes.reserveCapacity(max(wanted, bytes.capacity * 2)) }
            bytes.appendBigEndian(Int32(values.isEmpty ? 0 : 1))
            let flag = bytes.count
            bytes.appendBigEndian(Int32(0))
            bytes.appendBigEndian(element.rawValue)
            if values.isEmpty { return }
            bytes.appendBigEndian(Int32(values.count))
            bytes.appendBigEndian(Int32(1))
            for value in values {
                let start = bytes.count
                bytes.appendBigEndian(Int32(-1))
                guard write(&bytes, value) else {
                    bytes[flag + 3] = 1
                    continue
                }
                bytes.setBigEndian(UInt32(bytes.count - start - 4), at: start)
            }
        }
    }
}

extension [UInt8] {
    @inline(__always)
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ value: Number) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    mutating func setBigEndian(_ value: UInt32, at offset: Int) {
        for byte in 0..<4 { self[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byte)) }
    }

    mutating func appendText(_ value: String) { append(contentsOf: value.utf8) }

    mutating func appendTimestamp(_ value: Int64) { appendBigEndian(PQEpoch.toServer(value)) }

    /// `interval_send`: microseconds, days, months.
    mutating func appendInterval(_ value: Duration) {
        let (seconds, attoseconds) = value.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, second) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        appendBigEndian(overflow || second ? (value < .zero ? Int64.min : .max) : sum)
        appendBigEndian(Int32(0))
        appendBigEndian(Int32(0))
    }

    /// `jsonb_recv`: version 1, then the text.
    mutating func appendJSON(_ value: String) {
        append(1)
        appendText(value)
    }
}
