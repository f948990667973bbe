import Logging
import Pipeline

/// The loops that take batches through the stages until the worker drains.
struct BatchLoop: Sendable {
    let shared: SharedState
    let pipeline: Pipeline
    let idlePoll: Duration
    let logger: Logger

    /// Looks again when the signal fires, and by itself after a while.
    func run(_ source: ClaimStage.Source, wokenBy signal: LoopSignal) async {
        var pause = Pause(limit: .seconds(5))
        var rescan = ContinuousClock.now
        while !Task.isCancelled && !shared.isDraining {
            let generation = signal.generation
            do {
                let found = try await pipeline.process { try await pipeline.claim.next(from: source, rescan: &rescan) }
                pause.reset()
                if let patience = patience(source, found, rescan) { await signal.wait(after: generation, timeout: patience) }
            } catch is LeaseNoLongerHeld {
                continue
            } catch {
                pipeline.claim.claim.resetScanPositions()
                if pause.isFirst { logger.warning("a batch failed; its messages go back", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
    }

    /// Every 10 s: what a failed claim left behind the scan positions, all of it, while there are places.
    func sweep() async {
        while !shared.isDraining && !Task.isCancelled {
            await Pause.sleepWhile(.seconds(10)) { !shared.isDraining }
            do {
                while !shared.isDraining, case .batch = try await pipeline.process({ try await pipeline.claim.sweep() }) {}
            } catch {
                logger.warning("the sweep failed; it comes again", metadata: ["error": "\(error)"])
            }
        }
    }

    /// nil: look again at once.
    private func patience(
        _ source: ClaimStage.Source, _ found: ClaimStage.Found, _ rescan: ContinuousClock.Instant
    ) -> Duration? {
        let poll = source == .urgent ? min(idlePoll, .milliseconds(25)) : idlePoll
        let claim = pipeline.claim.claim
        switch (found, source) {
        case (.batch, _): return nil
        case (.noPlace, _): return poll
        case (.nothing, .urgent): return claim.patience(lanes: [0], poll: poll, rescan: rescan)
        case (.nothing, .general):
            return claim.patience(lanes: Claim.weights.keys.filter { $0 > 0 }, poll: poll, rescan: rescan)
        case (.nothing, .quarantine): return pipeline.claim.quarantine.isEmpty ? max(poll, QueueProbeLoop.period) : poll
        }
    }
}
