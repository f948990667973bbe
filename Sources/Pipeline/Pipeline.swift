import Domain
import Logging
import Store
import Telemetry
import Transports

/// The way of a message through a worker: Claim → Render → Admit → Send → Record, each in its own file.
///
/// Loops take batches from Claim to Send; the providers' answers come back in any order and are taken by the Record loops. Every
/// message between Claim and Record holds a place of `InFlight`, which bounds the memory whatever the backlog.
package struct Pipeline: Sendable {
    /// Which lanes a loop takes its batches from.
    package enum Source: Sendable {
        /// Lane 0 only, with its own places and a quick look behind its hint: an `otp` waits behind nothing.
        case urgent
        /// Lanes 0…7 by weight.
        case general
        /// Lane 8, in small groups, and one at a time what has killed twice (`Quarantine`).
        case quarantine
    }

    let shared: SharedState
    let database: Database
    let claim: Claim
    let claimBudget: ClaimBudget
    let providerQueues: ProviderQueues
    let results: Results
    let inFlight: InFlight
    let quarantine = Quarantine()
    let signals: LoopSignals
    let meters: Meters
    let logger: Logger
    let deadLetters: DeadLetterLog
    let batch: Int
    let idlePoll: Duration
    private static let few = 16

    package init(
        shared: SharedState, database: Database, claim: Claim, claimBudget: ClaimBudget, providerQueues: ProviderQueues,
        results: Results, inFlight: InFlight, signals: LoopSignals, meters: Meters, logger: Logger, deadLetters: DeadLetterLog,
        batch: Int, idlePoll: Duration
    ) {
        self.shared = shared
        self.database = database
        self.claim = claim
        self.claimBudget = claimBudget
        self.providerQueues = providerQueues
        self.results = results
        self.inFlight = inFlight
        self.signals = signals
        self.meters = meters
        self.logger = logger
        self.deadLetters = deadLetters
        self.batch = batch
        self.idlePoll = idlePoll
    }

    /// Takes batches until the worker drains; looks again when the signal fires, and by itself after a while.
    package func takeBatches(from source: Source, wokenBy signal: LoopSignal) async {
        var pause = Pause(limit: .seconds(5))
        var rescan = ContinuousClock.now
        while !Task.isCancelled && !shared.isDraining {
            let generation = signal.generation
            do {
                let found = try await oneBatch(from: source, rescan: &rescan)
                pause.reset()
                if found != .batch {
                    await signal.wait(after: generation, timeout: patience(source, found, rescan))
                }
            } catch {
                claim.resetScanPositions()
                if pause.isFirst { logger.warning("a batch failed; what it held goes back", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
    }

    private enum Found { case batch, nothing, noPlace }

    private func patience(_ source: Source, _ found: Found, _ rescan: ContinuousClock.Instant) -> Duration {
        let poll = source == .urgent ? min(idlePoll, .milliseconds(25)) : idlePoll
        if found == .noPlace { return poll }
        switch source {
        case .urgent: return claim.patience(lanes: [0], poll: poll, rescan: rescan)
        case .general: return claim.patience(lanes: Claim.weights.keys.filter { $0 > 0 }, poll: poll, rescan: rescan)
        case .quarantine: return quarantine.isEmpty ? max(poll, .milliseconds(250)) : poll
        }
    }

    private func oneBatch(from source: Source, rescan: inout ContinuousClock.Instant) async throws -> Found {
        guard shared.mayClaim else { return .noPlace }
        if source == .quarantine { await quarantine.waitForPlace { shared.isDraining } }
        let places = inFlight.take(source == .quarantine ? max(1, quarantine.places) : batch, urgent: source == .urgent)
        guard places > 0 else { return .noPlace }
        var held = places
        defer { inFlight.release(held) }
        let taken: Claim.Batch?
        do {
            taken = try await take(from: source, limit: places, rescan: &rescan)
        } catch let failure as ClaimFailed {
            await takeBack(claim: failure.claim, session: failure.session)
            throw failure
        }
        guard let taken else { return .nothing }
        let claimed = taken.messages
        defer { taken.expected.end() }
        inFlight.release(held - claimed.count)
        held = claimed.count
        if claimed.count == places { signals.batchFull() }
        meters.count("martlet_claimed_total", [("lane", "\(taken.lane)")], by: claimed.count)
        do {
            try await Failpoint.afterClaim.reached(claimed.compactMap(\.message?.address))
            held -= try await process(taken)
        } catch is LeaseNoLongerHeld {
            quarantine.done(claimed.map(\.lease.messageID))
            await takeBack(claim: claimed[0].lease.claim, session: claimed[0].lease.session)
        } catch {
            quarantine.done(claimed.map(\.lease.messageID))
            await takeBack(claim: claimed[0].lease.claim, session: claimed[0].lease.session)
            throw error
        }
        return .batch
    }

    private func take(
        from source: Source, limit: Int, rescan: inout ContinuousClock.Instant
    ) async throws -> Claim.Batch? {
        switch source {
        case .quarantine:
            return try await quarantinedBatch(limit)
        case .urgent:
            // Behind the hint whatever waits ahead of it, but at most a tenth of the time; and only when it is overdue before a look
            // ahead, where what has just come is.
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
            quarantine.begin(group.messages.map(\.lease.messageID), alone: false)
            return group
        }
        // Alone: nobody else of the quarantine is on its way.
        guard quarantine.isEmpty, let one = try await claim.takeQuarantined(limit: 1, workerCrashes: Quarantine.alone) else {
            if wasEmpty { claim.wasEmpty(Claim.quarantineLane, at: evidence) }
            return nil
        }
        quarantine.begin(one.messages.map(\.lease.messageID), alone: true)
        return one
    }

    private func takeLateUrgentCommits(_ limit: Int, _ rescan: inout ContinuousClock.Instant) async throws -> Claim.Batch? {
        let started = ContinuousClock.now
        let late = try await claim.takeLateCommits(lane: 0, limit: limit)
        rescan = .now + max(.milliseconds(20), (.now - started) * 10)
        return late
    }

    /// Takes what was left behind the scan positions, all of it, while there are places.
    package func sweepOnce() async {
        do {
            while !shared.isDraining && shared.mayClaim {
                let places = inFlight.take(batch, urgent: false)
                guard places > 0 else { return }
                var held = places
                defer { inFlight.release(held) }
                let taken: Claim.Batch?
                do {
                    taken = try await claim.sweepFromStart(limit: places)
                } catch let failure as ClaimFailed {
                    await takeBack(claim: failure.claim, session: failure.session)
                    throw failure
                }
                guard let taken else { return }
                let claimed = taken.messages
                meters.count("martlet_swept_total", by: claimed.count)
                do {
                    held -= try await process(taken)
                } catch {
                    await takeBack(claim: claimed[0].lease.claim, session: claimed[0].lease.session)
                    throw error
                }
            }
        } catch {
            logger.warning("the sweep failed; it comes again", metadata: ["error": "\(error)"])
        }
    }

    /// Render, Admit, Send. Answers how many messages keep their places until Record.
    func process(_ taken: Claim.Batch) async throws -> Int {
        let claimed = taken.messages
        let snapshot = shared.policy
        let requeued = claimed.filter { $0.lease.series > 0 }.map(\.lease.messageID)
        let overrides = requeued.isEmpty ? [] : try await database.run(LoadRequeues(messageIDs: requeued))
        let now = shared.databaseNow()
        let render = Render(
            snapshot: snapshot, prices: snapshot.prices(at: now), router: snapshot.router(at: now),
            overrides: Dictionary(overrides.map { ($0.messageID, $0) }) { $1 }, availability: providerQueues.availability)
        let rendered = render.render(claimed)
        for (code, count) in rendered.warnings { meters.count("martlet_render_warnings_total", [("code", code)], by: count) }
        if !rendered.failed.isEmpty {
            let over = try await Refusal(shared: shared, database: database).end(rendered.failed)
            deadLetters.note(
                rendered.failed.filter { over[$0.lease.messageID] == nil }.map {
                    .init(message: $0.lease.messageID, reason: $0.reason)
                })
            for failure in rendered.failed {
                if let kind = over[failure.lease.messageID] {
                    meters.count("martlet_not_admitted_total", [("reason", kind)])
                } else {
                    meters.count("martlet_recorded_total", [("as", "dead"), ("reason", failure.reason.code)])
                }
            }
        }
        guard !rendered.works.isEmpty else {
            quarantine.done(claimed.map(\.lease.messageID))
            return 0
        }
        let answer = try await admit(rendered.works, taken.expected)
        do { try await Failpoint.afterAdmit.reached(answer.admitted.map(\.work.message.address)) } catch {
            providerQueues.giveBack(answer.admitted)
            throw error
        }
        for (word, count) in answer.others { meters.count("martlet_not_admitted_total", [("reason", word)], by: count) }
        meters.count("martlet_admitted_total", [("lane", "\(taken.lane)")], by: answer.admitted.count)
        if taken.lane == Claim.quarantineLane {
            quarantine.done(Array(Set(claimed.map(\.lease.messageID)).subtracting(answer.admitted.map(\.work.message.id))))
        }
        let groups = Dictionary(grouping: answer.admitted) { ObjectIdentifier($0.providerQueue) }
        let needed = groups.values.map { ($0[0].providerQueue.name, $0.count) } + answer.withoutRoom.map { ($0, $1) }
        claimBudget.learn(lane: taken.lane, claimed: claimed.count, needed: Dictionary(needed, uniquingKeysWith: +))
        for group in groups.values { group[0].providerQueue.enqueue(group) }
        return answer.admitted.count
    }

    /// Admit; a data error bisects the batch, so that one bad row harms no other and becomes a dead letter by itself.
    private func admit(_ works: [Work], _ expected: ClaimBudget.Hold) async throws -> Admit.Answer {
        do {
            return try await Admit(shared: shared, database: database, providerQueues: providerQueues).admit(works, expected)
        } catch let error as StoreError where error.isDataError {
            guard works.count > 1 else {
                let reason = DeadLetterReason(
                    code: "data_error", explanation: "The database refuses it: \(error)",
                    remedy: "Correct what the text names, then requeue; or discard it.")
                logger.error(
                    "a message cannot be admitted; it is a dead letter now",
                    metadata: ["message_id": "\(works[0].message.id)", "error": "\(error)"])
                _ = try await Refusal(shared: shared, database: database).end(works.map { ($0.lease, $0.provider.name, reason) })
                deadLetters.note(works.map { .init(message: $0.message.id, reason: reason) })
                return Admit.Answer(others: ["data_error": works.count])
            }
            var answer = try await admit(Array(works.prefix(works.count / 2)), expected)
            do {
                let rest = try await admit(Array(works.dropFirst(works.count / 2)), expected)
                answer.admitted += rest.admitted
                answer.others.merge(rest.others) { $0 + $1 }
                return answer
            } catch {
                // What the first half got is taken back with the claim.
                providerQueues.giveBack(answer.admitted)
                throw error
            }
        }
    }

    /// Writes answers down until cancelled; a batch is kept until it is written.
    package func recordResults() async {
        let record = Record(shared: shared, database: database)
        while !Task.isCancelled {
            let taken = await results.take(500, timeout: .seconds(1))
            if taken.isEmpty { continue }
            // Few: where the connections live, as changes of threads would take longer than the work.
            await withTaskExecutorPreference(taken.count <= Self.few ? database.executor : nil) {
                await write(taken, with: record)
            }
        }
    }

    private func release(_ taken: [(SubmissionResult, Work)]) {
        inFlight.release(taken.count)
        quarantine.done(taken.map(\.1.message.id))
    }

    private func write(_ taken: [(SubmissionResult, Work)], with record: Record) async {
        var taken = taken
        var withBodies = true
        var isCommitUnknown = false
        var pause = Pause(limit: .seconds(5))
        while true {
            do {
                // What was committed although nobody heard so is not written a second time.
                if isCommitUnknown { taken = release(taken, recorded: try await record.recorded(taken)) }
                isCommitUnknown = false
                if taken.isEmpty { return }
                try await Failpoint.afterSend.reached(taken.map(\.1.message.address))
                try await Failpoint.beforeRecord.reached(taken.map(\.1.message.address))
                let answer = try await record.record(taken, withBodies: withBodies)
                for (word, count) in answer.moved { meters.count("martlet_recorded_total", [("as", word)], by: count) }
                meters.count(answer.bills)
                deadLetters.note(answer.deadLetters)
                return release(taken)
            } catch let error as StoreError where error.isDataError && taken.count > 1 {
                // A data error: one bad row must not harm the others.
                await write(Array(taken.prefix(taken.count / 2)), with: record)
                await write(Array(taken.dropFirst(taken.count / 2)), with: record)
                return
            } catch let error as StoreError where error.isDataError && withBodies {
                withBodies = false
            } catch let error as StoreError where error.isDataError {
                logger.error(
                    "an answer cannot be recorded; its message will be rescued as in doubt",
                    metadata: ["message_id": "\(taken[0].0.messageID)", "attempt": "\(taken[0].0.attempt)", "error": "\(error)"])
                return release(taken)
            } catch {
                if case StoreError.commitUnknown = error { isCommitUnknown = true }
                if pause.isFirst {
                    logger.warning(
                        "recording waits for the database", metadata: ["error": "\(error)", "results": "\(taken.count)"])
                }
                // The grace period is over: rescue will find these attempts without an answer.
                if Task.isCancelled { return release(taken) }
                await pause.wait()
            }
        }
    }

    /// Lets go of those whose answers are on record; answers the others.
    private func release(
        _ taken: [(SubmissionResult, Work)], recorded: Set<AttemptKey>
    ) -> [(SubmissionResult, Work)] {
        func isRecorded(_ one: (SubmissionResult, Work)) -> Bool {
            recorded.contains(AttemptKey(messageID: one.1.message.id, attempt: one.1.attempt))
        }
        let done = taken.filter(isRecorded)
        if !done.isEmpty { release(done) }
        return taken.filter { !isRecorded($0) }
    }

    /// What this claim still holds goes back. While the database is away it is tried again until the claim's deadline has passed,
    /// which brings it back too, but as in doubt.
    private func takeBack(claim: Int32, session: Int32) async {
        let work = TakeBack(shared: shared, database: database)
        var pause = Pause(limit: .seconds(2))
        while !pause.isOver(self.claim.lease) {
            do {
                _ = try await work.takeBack(claim: claim, session: session)
                return
            } catch {
                if pause.isFirst { logger.warning("a claim cannot be handed back yet", metadata: ["error": "\(error)"]) }
                if Task.isCancelled { break }
                await pause.wait()
            }
        }
        logger.warning("a claim could not be handed back; its deadline will", metadata: ["claim": "\(claim)"])
    }
}
