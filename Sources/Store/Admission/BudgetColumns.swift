import Domain
import Postgres

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
