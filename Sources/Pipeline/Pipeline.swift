import Domain
import Logging
import Store
import Telemetry
import Transports

/// The way of a message through a worker: Claim → Render → Admit → Send → Record, each in its own file.
///
/// The providers' answers come back in any order and are written by the loops of Record. Every message between Claim and Record holds a place of
/// `InFlight`, which bounds the memory whatever the backlog.
package struct Pipeline: Sendable {
    package let claim: ClaimStage
    let render: RenderStage
    let admit: AdmitStage
    let send = Send()
    package let record: RecordStage
    let takeBack: TakeBack

    /// - Parameters:
    ///   - batch: how many messages one claim takes at most.
    ///   - batchFull: called when a claim took as many as it may: there is more for other loops.
    package init(
        shared: SharedState, database: Database, claim: Claim, claimBudget: ClaimBudget, providerQueues: ProviderQueues,
        results: Results, inFlight: InFlight, meters: Meters, logger: Logger, deadLetters: DeadLetterLog, batch: Int,
        batchFull: @escaping @Sendable () -> Void = {}
    ) {
        let quarantine = Quarantine()
        let refusal = Refusal(shared: shared, database: database, deadLetters: deadLetters)
        takeBack = TakeBack(shared: shared, database: database, lease: claim.lease, logger: logger)
        self.claim = ClaimStage(
            shared: shared, claim: claim, inFlight: inFlight, quarantine: quarantine, takeBack: takeBack, meters: meters,
            batch: batch, batchFull: batchFull)
        render = RenderStage(
            shared: shared, database: database, providerQueues: providerQueues, refusal: refusal, meters: meters)
        admit = AdmitStage(
            admit: Admit(shared: shared, database: database, providerQueues: providerQueues), claimBudget: claimBudget,
            refusal: refusal, meters: meters, logger: logger)
        record = RecordStage(
            record: Record(shared: shared, database: database), database: database, results: results, inFlight: inFlight,
            quarantine: quarantine, deadLetters: deadLetters, meters: meters, logger: logger)
    }

    /// One batch through all stages. What it still holds when one of them fails goes back.
    /// - Throws: what the stage threw; `LeaseNoLongerHeld` when nothing may be admitted now.
    package func process(_ next: () async throws -> ClaimStage.Found) async throws -> ClaimStage.Found {
        let found = try await next()
        guard case .batch(let batch) = found else { return found }
        defer { batch.end() }
        do {
            let works = try await render.run(batch)
            let admitted = try await admit.run(works, of: batch)
            send.run(admitted)
            record.expect(admitted, of: batch)
        } catch {
            record.expect([], of: batch)
            await takeBack.untilDone(claim: batch.claim, session: batch.session)
            throw error
        }
        return found
    }
}
