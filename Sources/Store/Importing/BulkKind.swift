/// What the records of a file are: it decides which names are columns, and which are variables.
public enum BulkKind: Sendable {
    case messages
    case people

    /// Columns of people, beside `line`.
    private static let peopleColumns = ["person", "sms", "email", "addresses", "locale", "time_zone", "tier", "variables"]

    /// In the order in which they are told.
    public var columns: [String] {
        switch self {
        case .messages: BulkRow.columns + [BulkRow.followUpColumn]
        case .people: Self.peopleColumns
        }
    }
    /// Columns whose values are JSON objects.
    public var objects: [String] {
        switch self {
        case .messages: ["variables", "headers", BulkRow.followUpColumn]
        case .people: ["variables", "addresses"]
        }
    }

    public func isColumn(_ name: String) -> Bool {
        switch self {
        case .messages: BulkRow.isColumn(name)
        case .people: Self.peopleColumns.contains(name)
        }
    }
}
