import Postgres

/// Rows for budgets that have none, in a transaction of their own: Admit itself only locks and updates. An insert there could wait for one
/// who updates the row that was made meanwhile, and who waits for what Admit holds.
public struct CreateBudgetUsage: Statement {
    public var keys: [String]
    public init(keys: [String]) { self.keys = keys }
    public var sql: String {
        """
        insert into martlet_data.budget_usage (key, unit, used, starts_at, ends_at) select k, '', 0, clock_timestamp(), clock_timestamp()
        from unnest($1::text[]) k order by k collate "C" on conflict (key) do nothing
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(keys) }
}
