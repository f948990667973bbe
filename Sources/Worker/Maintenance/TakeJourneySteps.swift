import Campaigns

/// Steps of journeys.
extension Maintenance {
    /// True: there is more. Without a duty's lock: people whom another worker holds are passed over.
    func takeJourneySteps() async throws -> Bool {
        guard try await due.journeys() else { return false }
        return try await journeys.round()
    }
}
