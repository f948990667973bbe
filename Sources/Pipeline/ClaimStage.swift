import Domain
import Store
import Telemetry

/// Claim, the stage: which lanes a loop takes its next batch from, and the places that the batch needs.
package struct ClaimStage: Sendable {
    /// Which lanes a loop takes its batches from.
    package enum Source: Sendable {
        /// Lane 0 only, with its own places and a quick look behind its scan position: an `otp` waits behind nothing.
        case urgent
        /// Lanes 0…7 by weight.
        case general
        /// Lane 8, in small groups, and one at a time a message with which two workers have died (`Quarantine`).
        case quarantine
    }
    package enum Found: Sendable {
        case batch(Claim.Batch)
        case nothing
        /// Nothing may be claimed now: no place is free, or the worker drains.
        case noPlace
    }

    let shared: SharedState
    package let claim: Claim
    let inFlight: InFlight
    package let quarantine: Quarantine
    let takeBack: TakeBack
    let meters: Meters
    let batch: Int
    let batchFull: @Sendable () -> Void

    /// - Parameter rescan: when this loop looks behind the scan positions again.
    package func next(from source: Source, rescan: inout ContinuousClock.Instant) async throws -> Found {
        guard shared.mayClaim else { return .noPlace }
        if source == .quarantine { await quarantine.waitForPlace { shared.isDraining } }
        let wanted = source == .quarantine ? max(1, quarantine.places) : batch
        guard let places = Places(wanted, of: inFlight, urgent: source == .urgent) else { return .noPlace }
        let limit = places.count
        guard let taken = try await take(places, { try await take(from: source, limit: limit, rescan: &rescan) }) else {
            return .nothing
        }
        if taken.messages.count == limit { batchFull() }
        meters.count("martlet_claimed_total", [("lane", "\(taken.lane)")], by: taken.messages.count)
        do {
            try await Failpoint.afterClaim.reached(taken.messages.compactMap(\.message?.address))
        } catch {
            quarantine.done(taken.ids)
            await takeBack.untilDone(claim: taken.claim, session: taken.session)
            taken.end()
            throw error
        }
        return .batch(taken)
    }

    /// What was left behind the scan positions.
    package func sweep() async throws -> Found {
        guard shared.mayClaim, let places = Places(batch, of: inFlight, urgent: false) else { return .noPlace }
        let limit = places.count
        guard let taken = try await take(places, { try await claim.sweepFromStart(limit: limit) }) else { return .nothing }
        meters.count("martlet_swept_total", by: taken.messages.count)
        return .batch(taken)
    }

    /// The batch holds the places that it needs; without one all go back. A claim without an answer is taken back.
    private func take(_ places: Places, _ body: () async throws -> Claim.Batch?) async throws -> Claim.Batch? {
        do {
            var taken = try await body()
            places.shrink(to: taken?.messages.count ?? 0)
            taken?.places = places
            return taken
        } catch {
            if let failure = error as? ClaimFailed {
                await takeBack.untilDone(claim: failure.claim, session: failure.session)
            }
            places.release()
            throw error
        }
    }

    private func take(
        from source: Source, limit: Int, rescan: inout ContinuousClock.Instant
    ) async throws -> Claim.Batch? {
        switch source {
        case .quarantine:
            return try await quarantinedBatch(limit)
        case .urgent:
            // Behind the scan position come messages that wait ahead of it, but at most a tenth of the time; before a look ahead, where new messages
            // are, only when it is overdue.
            if rescan + .milliseconds(10) <= .now, let late = try await takeLateUrgentCommits(limit, &rescan) { return late }
            if let ahead = try await claim.take(lane: 0, limit: limit) { return ahead }
            return rescan <= .now ? try await takeLateUrgentCommits(limit, &rescan) : nil
        case .general:
            if rescan <= .now {
                for lane in Claim.weights.keys.sorted() where lane > 0 {
                    if let late = try await claim.takeLateCommits(lane: lane, limit: limit) { return late }
                }
                rescan = .now + .milliseconds(500)
            }
            return try await claim.next(limit: limit)
        }
    }

    private func quarantinedBatch(_ limit: Int) async throws -> Claim.Batch? {
        guard claim.mayHave(Claim.quarantineLane) else { return nil }
        let (evidence, wasEmpty) = (claim.evidence(Claim.quarantineLane), quarantine.isEmpty)
        let places = min(limit, quarantine.places)
        if places > 0, let group = try await claim.takeQuarantined(limit: places, workerCrashes: Quarantine.grouped) {
            quarantine.begin(group.ids, alone: false)
            return group
        }
        // Alone: no other message of the quarantine is on its way.
        guard quarantine.isEmpty, let one = try await claim.takeQuarantined(limit: 1, workerCrashes: Quarantine.alone) else {
            if wasEmpty { claim.wasEmpty(Claim.quarantineLane, at: evidence) }
            return nil
        }
        quarantine.begin(one.ids, alone: true)
        return one
    }

    private func takeLateUrgentCommits(_ limit: Int, _ rescan: inout ContinuousClock.Instant) async throws -> Claim.Batch? {
        let started = ContinuousClock.now
        let late = try await claim.takeLateCommits(lane: 0, limit: limit)
        rescan = .now + max(.milliseconds(20), (.now - started) * 10)
        return late
    }
}
