/// One row for `martlet.bulk_enqueue`: the arguments of `martlet.enqueue` as text; what is absent has the argument's default.
public struct BulkRow: Sendable, Equatable {
    /// Names of the arguments, in the view's order.
    public static let columns = [
        "class", "channel", "recipient", "template", "variables", "idempotency_key", "scheduled_at", "expires_at",
        "recipient_key", "locale", "time_zone", "tier", "group_key", "sender", "headers", "traceparent",
    ]
    private static let indices = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    private var values: [String?] = Array(repeating: nil, count: columns.count)

    public init() {}

    public static func isColumn(_ name: String) -> Bool { indices[name] != nil }

    /// The value of a column of `columns`; others have none and take none.
    public subscript(column: String) -> String? {
        get { Self.indices[column].flatMap { values[$0] } }
        set { if let index = Self.indices[column] { values[index] = newValue } }
    }

    /// COPY's text format (PostgreSQL 15, COPY, "Text Format"). A NUL, which the server refuses, is the caller's to reject.
    func encode(into output: inout [UInt8]) {
        for index in values.indices {
            if index > 0 { output.append(0x09) }
            guard var value = values[index] else {
                output += [UInt8(ascii: "\\"), UInt8(ascii: "N")]
                continue
            }
            value.withUTF8 { Self.escape($0, into: &output) }
        }
        output.append(0x0A)
    }

    private static func escape(_ bytes: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        for byte in bytes {
            switch byte {
            case 0x5C: output += [0x5C, 0x5C]
            case 0x09: output += [0x5C, UInt8(ascii: "t")]
            case 0x0A: output += [0x5C, UInt8(ascii: "n")]
            case 0x0D: output += [0x5C, UInt8(ascii: "r")]
            default: output.append(byte)
            }
        }
    }
}

/// Why the server did not take one row of a COPY.
public struct RowRefusal: Error, Sendable, Equatable {
    /// Of the rows of this COPY, from 0.
    public var row: Int
    /// `MT…` are the contract's own (see `Migrations/README.md`).
    public var sqlstate: String
    /// The column, if the server named one.
    public var field: String?
    public var reason: String
    public var remedy: String?
}
