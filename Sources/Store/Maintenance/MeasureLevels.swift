import Domain
import Postgres

/// Measures levels for all workers, over messages enqueued within `span`; run by the worker that has the duty. Answers how long it took.
public struct MeasureLevels: Statement {
    public var span: Duration
    public init(span: Duration) { self.span = span }
    public var sql: String { "select martlet_data.measure_levels($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.interval(span) }
    public static func read(_ rows: PQRows) throws -> Duration { Duration(clampingSeconds: try rows.only.float8(0)) }
}
