import Postgres

/// How many people opted out or complained within so long after the acceptance of a message, by class.
public struct LoadOptOuts: Statement {
    public var scope: ReportScope
    public var within: Duration
    public init(scope: ReportScope, within: Duration) {
        self.scope = scope
        self.within = within
    }
    public var sql: String { "select class_name, people from martlet.report_opt_outs($1, $2, $3, $4) limit 10000" }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(scope.since)
        parameters.text(scope.group)
        parameters.text(scope.messageClass)
        parameters.interval(within)
    }
    public static func read(_ rows: PQRows) throws -> [String: Int] {
        Dictionary(try rows.map { (try $0.text(0), Int(try $0.int8(1))) }) { $1 }
    }
}
