import Campaigns

/// Runs of campaigns, and the codes of their messages.
extension Maintenance {
    /// True: there is more. Without a duty's lock: chunks that another worker holds are passed over.
    func releaseRuns() async throws -> Bool {
        guard try await due.runs() else { return false }
        return try await releaser.round()
    }

    func settleCodes() async throws -> Bool {
        guard try await due.codes() else { return false }
        return try await releaser.settleCodes()
    }
}
