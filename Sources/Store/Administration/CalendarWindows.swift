import Domain
import Postgres

/// The local calendar windows of a zone around now.
public struct CalendarWindows: Statement {
    public var timeZone: String
    public init(timeZone: String) { self.timeZone = timeZone }
    public var sql: String {
        """
        select u, date_trunc(u, n at time zone $1) at time zone $1, (date_trunc(u, n at time zone $1) + ('1 ' || u)::interval) at time zone $1
        from unnest(array['minute', 'hour', 'day', 'week', 'month']) u, clock_timestamp() n
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(timeZone) }
    public static func read(_ rows: PQRows) throws -> [CapRule.CalendarUnit: CapDecision.Calendar] {
        var windows: [CapRule.CalendarUnit: CapDecision.Calendar] = [:]
        for row in rows {
            guard let unit = CapRule.CalendarUnit(rawValue: try row.text(0)) else { continue }
            windows[unit] = CapDecision.Calendar(start: try row.timestamp(1), end: try row.timestamp(2))
        }
        return windows
    }
}
