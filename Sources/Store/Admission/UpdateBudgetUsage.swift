import Domain
import Postgres

/// New content of rows that `LockBudgetUsage` has locked.
public struct UpdateBudgetUsage: Statement {
    public private(set) var columns = BudgetColumns()
    public init() {}
    public mutating func add(_ key: String, _ usage: BudgetUsage) { columns.add(key, usage) }
    public var isEmpty: Bool { columns.keys.isEmpty }
    public var sql: String {
        """
        update martlet_data.budget_usage b set unit = i.unit, used = i.used, starts_at = i.starts_at, ends_at = i.ends_at
        from unnest($1::text[], $2::text[], $3::int8[], $4::timestamptz[], $5::timestamptz[]) i(key, unit, used, starts_at, ends_at) where b.key = i.key
        """
    }
    public func bind(_ parameters: inout PQParams) { columns.bind(&parameters) }
}
