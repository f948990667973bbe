import Postgres

/// One record of a file as text. For `martlet.enqueue_rows`: the arguments of `martlet.enqueue`; what is absent has the argument's default.
public struct BulkRow: Sendable, Equatable {
    /// Names of the arguments, in the function's order.
    public static let columns = [
        "class", "channel", "recipient", "template", "variables", "idempotency_key", "scheduled_at", "expires_at",
        "recipient_key", "locale", "time_zone", "tier", "group_key", "sender", "headers", "traceparent",
    ]
    /// Columns of people that messages do not have.
    private static let more = ["person", "sms", "email", "addresses"]
    private static let indices = Dictionary(uniqueKeysWithValues: (columns + more).enumerated().map { ($1, $0) })
    private var values: [String?] = Array(repeating: nil, count: columns.count + more.count)
    /// A JSON object with the arguments of `martlet.follow_up`: no argument of `enqueue`, but a column beside them.
    private var followUp: String?
    public static let followUpColumn = "follow_up"

    public init() {}

    /// Whether it is an argument of a message.
    static func isColumn(_ name: String) -> Bool { indices[name].map { $0 < columns.count } ?? (name == followUpColumn) }

    /// The value of a column of messages or of people; other names have none and take none.
    public subscript(column: String) -> String? {
        get { column == Self.followUpColumn ? followUp : Self.indices[column].flatMap { values[$0] } }
        set {
            if let index = Self.indices[column] {
                values[index] = newValue
            } else if column == Self.followUpColumn {
                followUp = newValue
            }
        }
    }

    func value(_ column: Int) -> String? { values[column] }
}

/// Why the server did not take one row of many.
public struct RowRefusal: Error, Sendable, Equatable {
    /// Of the rows of this call, from 0.
    public var row: Int
    /// `MT…` are the contract's own (see `Migrations/README.md`).
    public var sqlstate: String
    /// The column, if the server named one.
    public var field: String?
    public var reason: String
    public var remedy: String?
}

extension RowRefusal {
    /// nil: it is not about a row's values.
    init?(_ error: PQServerError) {
        let state = error.sqlstate
        guard state.hasPrefix("MT") || state.hasPrefix("22") || state.hasPrefix("23"),
            let place = error.message.wholeMatch(of: /(?s)element ([0-9]+): (?:field ([a-z_]+): )?(.*)/),
            let number = Int(place.1), number > 0
        else { return nil }
        row = number - 1
        sqlstate = state
        field = place.2.map(String.init)
        reason = String(place.3)
        remedy = error.hint
    }
}
