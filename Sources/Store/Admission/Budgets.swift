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

public struct BudgetColumns: Sendable {
    var keys: [String] = []
    private var units: [String] = []
    private var used: [Int64] = []
    private var starts: [Timestamp] = []
    private var ends: [Timestamp] = []

    mutating func add(_ key: String, _ usage: BudgetUsage) {
        keys.append(key)
        units.append(usage.unit)
        used.append(usage.used)
        starts.append(usage.start)
        ends.append(usage.end)
    }

    func bind(_ parameters: inout PQParams) {
        parameters.textArray(keys)
        parameters.textArray(units)
        parameters.int8Array(used)
        parameters.timestamps(starts)
        parameters.timestamps(ends)
    }
}

/// Gives back what attempts that certainly did not happen took of budgets, each at most once. Answers how many gave something.
public struct ReleaseBudgets: Statement {
    public var messageIDs: [MessageID] = []
    public var attempts: [Int16] = []
    public init() {}
    public var isEmpty: Bool { messageIDs.isEmpty }
    public mutating func add(_ messageID: MessageID, attempt: Int16) {
        messageIDs.append(messageID)
        attempts.append(attempt)
    }
    public var sql: String { "select martlet_data.release_budgets($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.int2Array(attempts)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// Forgets groups whose day is long over.
public struct PurgeBudgetUsage: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.budget_usage where key = any (array(
            select key from martlet_data.budget_usage where ends_at < clock_timestamp() - $1::interval order by key limit 10000 for update skip locked)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
