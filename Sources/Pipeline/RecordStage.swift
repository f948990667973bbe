import Domain
import Logging
import Store
import Telemetry
import Transports

/// Record, the stage: takes the answers of the providers in batches and writes them until they are written.
package struct RecordStage: Sendable {
    let record: Record
    let database: Database
    let results: Results
    let inFlight: InFlight
    let quarantine: Quarantine
    let deadLetters: DeadLetterLog
    let meters: Meters
    let logger: Logger
    private static let few = 16

    /// These have been handed over: they keep their places until their answers are written. The others of the batch are done.
    func expect(_ admitted: [Admit.Admitted], of batch: Claim.Batch) {
        batch.places?.leaveToRecord(admitted.count)
        guard batch.lane == Claim.quarantineLane else { return }
        quarantine.done(Array(Set(batch.ids).subtracting(admitted.map(\.work.message.id))))
    }

    /// Writes answers down until cancelled; a batch is kept until it is written.
    package func run() async {
        while !Task.isCancelled {
            let taken = await results.take(500, timeout: .seconds(1))
            if taken.isEmpty { continue }
            // Few: where the connections live, as changes of threads would take longer than the work.
            await withTaskExecutorPreference(taken.count <= Self.few ? database.executor : nil) {
                await write(taken)
            }
        }
    }

    private func release(_ taken: [(SubmissionResult, Work)]) {
        inFlight.release(taken.count)
        quarantine.done(taken.map(\.1.message.id))
    }

    private func write(_ taken: [(SubmissionResult, Work)]) async {
        var taken = taken
        var withBodies = true
        var isCommitUnknown = false
        var pause = Pause(limit: .seconds(5))
        while true {
            do {
                // What was committed, though the answer was lost, is not written a second time.
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
                await write(Array(taken.prefix(taken.count / 2)))
                await write(Array(taken.dropFirst(taken.count / 2)))
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

    /// Gives back the places of those whose answers are on record; answers the others.
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
}
