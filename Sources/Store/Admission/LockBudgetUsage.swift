import Domain
import Postgres

/// Locks the rows of these budgets, in the order of their keys, and reads them; before the cap rows, before Admit looks. Distinct keys.
public struct LockBudgetUsage: Statement {
    public var keys: [String]
    public init(keys: [String]) { self.keys = keys }

    public struct Row: Sendable {
        public var key: String
        public var usage: BudgetUsage
        public init(key: String, usage: BudgetUsage) {
            self.key = key
            self.usage = usage
        }
    }

    public var sql: String {
        "select key, unit, used, starts_at, ends_at from martlet_data.budget_usage where key = any ($1) order by key for no key update"
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(keys) }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map {
            Row(
                key: try $0.text(0),
                usage: BudgetUsage(
                    unit: try $0.text(1), used: try $0.int8(2), start: try $0.timestamp(3), end: try $0.timestamp(4)))
        }
    }
}
