import Postgres

/// Takes one person out of a journey; false: they were not in.
public struct ExitJourney: Statement {
    public var journey: String
    public var person: String
    public var why: String
    public init(journey: String, person: String, why: String) {
        self.journey = journey
        self.person = person
        self.why = why
    }
    public var sql: String { "select martlet.exit_journey($1::text, $2::text, $3::text)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(journey)
        parameters.text(person)
        parameters.text(why)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
