import Store

extension Maintenance {
    /// Brings what reports are made of up to date, a day at a time. Without a duty's lock: a day that another worker counts is passed over.
    func countReports() async throws -> Bool {
        for day in try await database.run(DaysToCount()) {
            try Task.checkCancellation()
            _ = try await database.run(CountDay(day: day), within: .seconds(120))
        }
        return false
    }
}
