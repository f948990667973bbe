/// Object ids of the built-in types this module speaks (`pg_type.dat`); they never change.
public enum PQType: UInt32, Sendable {
    case bool = 16
    case bytea = 17
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case tid = 27
    case float8 = 701
    case timestamptz = 1184
    case interval = 1186
    case jsonb = 3802
    case boolArray = 1000
    case byteaArray = 1001
    case int2Array = 1005
    case int4Array = 1007
    case textArray = 1009
    case tidArray = 1010
    case int8Array = 1016
    case float8Array = 1022
    case timestamptzArray = 1185
    case intervalArray = 1187
    case jsonbArray = 3807
    /// Left to the server to infer: labels of enum types, names of other text-like types.
    case inferred = 0
}

enum PQEpoch {
    /// 2000-01-01 minus 1970-01-01 in microseconds.
    static let offset: Int64 = 946_684_800_000_000

    /// Unix microseconds → PostgreSQL's; the extremes are `infinity` and `-infinity` on both sides.
    static func toServer(_ unix: Int64) -> Int64 {
        if unix == .max || unix == .min { return unix }
        return unix.subtractingReportingOverflow(offset).overflow ? .min : unix - offset
    }

    static func fromServer(_ value: Int64) -> Int64 {
        if value == .max || value == .min { return value }
        return value.addingReportingOverflow(offset).overflow ? .max : value + offset
    }
}
