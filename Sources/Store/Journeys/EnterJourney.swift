import Postgres

/// Lets one person into a journey; false: re-entry does not allow it.
public struct EnterJourney: Statement {
    public var journey: String
    public var person: String
    /// A JSON object.
    public var data: String
    public init(journey: String, person: String, data: String) {
        self.journey = journey
        self.person = person
        self.data = data
    }
    public var sql: String { "select martlet.enter_journey($1::text, $2::text, $3::jsonb)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(person)
        parameters.jsonb(data)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
