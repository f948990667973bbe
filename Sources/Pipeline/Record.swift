import Callbacks
import Domain
import Rendering
import Store
import Synchronization
import Transports

/// Record: writes what providers answered, in small batches, and moves the messages on; guarded by lease and session.
///
/// One transaction, one round trip: the session's lock, shared (so that Rescue is not in the middle of moving the same rows), then one
/// statement for each way a message can go. Of a lease that was lost the receipt is kept, and nothing moves.
struct Record: Sendable {
    let shared: SharedState
    let database: Database

    struct Answer: Sendable {
        /// Counts by word: accepted, retry, dead, handed_back, …
        var moved: [String: Int] = [:]
        /// What providers took, and bill.
        var bills: [Bill] = []
        var deadLetters: [DeadLetterLog.Letter] = []
    }

    /// Rows of one leased part under one session: a worker that was fenced still has answers of the session before.
    private struct Place: Hashable {
        var part: Int16
        var session: Int32
    }

    /// - Parameter withBodies: false when a dead letter was refused with its body.
    func record(_ results: [(SubmissionResult, Work)], withBodies: Bool = true) async throws -> Answer {
        var answer = Answer()
        for (place, group) in Dictionary(grouping: results, by: { Place(part: $0.1.lease.part, session: $0.1.lease.session) }) {
            let written: RecordWrites
            do {
                written = try await write(group, place, oneByOne: false, withBodies)
            } catch let error as StoreError where error.isLeaseLost {
                written = try await write(group, place, oneByOne: true, withBodies)
            }
            answer.moved.merge(written.moved) { $0 + $1 }
            answer.bills += written.bills
            answer.deadLetters += written.deadLetters
        }
        return answer
    }

    private func write(
        _ group: [(SubmissionResult, Work)], _ place: Place, oneByOne: Bool, _ withBodies: Bool
    ) async throws -> RecordWrites {
        var writes = RecordWrites(
            part: place.part, session: place.session, now: shared.databaseNow(), receiptIDs: shared.policy.receiptIDs,
            oneByOne: oneByOne, withBodies: withBodies)
        for (result, work) in group { writes.add(result, work) }
        let statements = writes.statements
        try await database.withConnection { connection in
            try await connection.transactAll(statements)
        }
        return writes
    }

    /// Of these the answer is on record already: their transaction was committed, and only the word of it was lost.
    func recorded(_ results: [(SubmissionResult, Work)]) async throws -> Set<AttemptKey> {
        let states = try await database.run(AttemptStates(messageIDs: results.map(\.1.message.id)))
        let known = Dictionary(states.map { (AttemptKey(messageID: $0.messageID, attempt: $0.attempt), $0.outcome) }) { $1 }
        return Set(
            results.map { (AttemptKey(messageID: $1.message.id, attempt: $1.attempt), $0.outcome.name) }
                .filter { known[$0] == $1 }.map(\.0))
    }
}

/// One try of one message.
package struct AttemptKey: Hashable, Sendable {
    package var messageID: MessageID
    package var attempt: Int16

    package init(messageID: MessageID, attempt: Int16) {
        self.messageID = messageID
        self.attempt = attempt
    }
}

/// The writes of one Record transaction.
struct RecordWrites {
    private let part: Int16
    private let session: Int32
    private let now: Timestamp
    private let oneByOne: Bool
    private(set) var moved: [String: Int] = [:]
    private(set) var bills: [Bill] = []
    private(set) var deadLetters: [DeadLetterLog.Letter] = []
    private let receiptIDs: [String: ReceiptIDs]
    private var carrierIDs = InsertCarrierIDs()
    private var accepted: FinishAccepted
    private var finished: Finish
    private var deferred: DeferMessages
    private var dead: InsertDeadLetters
    private var back: HandBack
    private var receipts = InsertReceipts()
    private var released: [(key: String, message: MessageID, attempt: Int16)] = []
    private var budgets = ReleaseBudgets()
    private var suppressions = InsertSuppressions()
    private var erased: [MessageID] = []
    /// Accepted.
    private var taken: [MessageID] = []

    /// - Parameters:
    ///   - receiptIDs: providers whose receipts will name the ids that they answer with.
    ///   - oneByOne: some lease was lost; every message says for itself whether it is still there.
    init(
        part: Int16, session: Int32, now: Timestamp, receiptIDs: [String: ReceiptIDs] = [:], oneByOne: Bool = false,
        withBodies: Bool = true
    ) {
        self.receiptIDs = receiptIDs
        self.part = part
        self.session = session
        self.now = now
        self.oneByOne = oneByOne
        accepted = FinishAccepted(part: part, session: session)
        finished = Finish(part: part)
        deferred = DeferMessages(part: part)
        dead = InsertDeadLetters(part: part, withBodies: withBodies)
        back = HandBack(part: part)
    }

    mutating func add(_ result: SubmissionResult, _ work: Work) {
        let lease = work.lease
        let counters = Disposition.Counters(
            attempt: Int(work.attempt), countedAttempts: Int(lease.countedAttempts), resends: Int(lease.resends))
        let disposition = Disposition.after(
            result.outcome, of: work.policy, counters: counters, remaining: work.message.expiresAt - now,
            jitter: Double.random(in: 0..<1))
        let failure = result.outcome.failure
        releaseIfNotSent(result, work)
        if failure?.suppressesAddress == true {
            suppressions.channels.append(work.message.channel.rawValue)
            suppressions.addresses.append(work.message.address)
            suppressions.scopes.append(failure?.suppressedScope ?? "all")
            suppressions.reasons.append(failure?.code ?? "bounced")
        }
        if failure?.code == "not_sent" { return handBack(work, failure) }
        switch disposition {
        case .accepted:
            var reference: String?
            if case .accepted(let given) = result.outcome { reference = given }
            if let reference, !receiptIDs.isEmpty { keepIDs(reference, work) }
            if lease.resends == 0 && !oneByOne {
                accepted.add(lease, attempt: work.attempt, provider: work.provider.name, reference: reference)
            } else {
                finished.add(
                    lease, kind: "accepted", attempt: work.attempt, provider: work.provider.name,
                    code: lease.resends > 0 ? "may_be_duplicate" : nil, reference: reference)
            }
            taken.append(work.message.id)
            count("accepted", final: true, work)
            bill(work)
        case .retry(let after, let reason, let countedAttempts, let resends):
            deferred.add(
                lease, until: now + after, reason: reason, attempt: work.attempt,
                countedAttempts: Int16(clamping: countedAttempts),
                resends: Int16(clamping: resends), receipt: result.outcome.name, answeredAttempt: work.attempt,
                provider: work.provider.name, code: failure?.code, detail: failure?.detail)
            count(reason, final: false, work)
        case .expired:
            receipts.add(
                work.message.id, kind: result.outcome.name, attempt: work.attempt, provider: work.provider.name,
                code: failure?.code,
                detail: failure?.detail)
            finished.add(lease, kind: "expired", code: failure?.code, detail: "no further try fits into its time to live")
            count("expired", final: true, work)
        case .dead(let reason):
            receipts.add(
                work.message.id, kind: result.outcome.name, attempt: work.attempt, provider: work.provider.name,
                code: failure?.code,
                detail: failure?.detail)
            dead.add(lease, attempt: work.attempt, provider: work.provider.name, reason: reason)
            deadLetters.append(.init(message: work.message.id, reason: reason))
            count("dead", final: true, work)
        }
    }

    var statements: [any Statement] {
        // The lock first. Receipts before dead letters: those copy the history.
        var statements: [any Statement] = [RecordLock(session: session)]
        if !receipts.isEmpty { statements.append(receipts) }
        if accepted.count > 0 { statements.append(accepted) }
        if !carrierIDs.isEmpty { statements.append(carrierIDs) }
        if finished.count > 0 { statements.append(finished) }
        if deferred.count > 0 { statements.append(deferred) }
        if dead.count > 0 { statements.append(dead) }
        if !back.messageIDs.isEmpty {
            // Where the lease was lost, Rescue may have called them in doubt.
            statements += [back, ReopenUnsent(messageIDs: back.messageIDs)]
        }
        if !suppressions.addresses.isEmpty { statements.append(suppressions) }
        // Budgets before cap rows, as Admit locks them.
        if !budgets.isEmpty { statements.append(budgets) }
        if !released.isEmpty { statements.append(releases) }
        // Some lease was lost: its message may be a dead letter by now, for want of this very answer.
        if oneByOne && !taken.isEmpty { statements.append(ResolveUnknownOutcome(messageIDs: taken)) }
        if !erased.isEmpty { statements.append(EraseBodies(messageIDs: erased)) }
        return statements
    }

    private mutating func bill(_ work: Work) {
        let (currency, micros) = (work.cost.amount?.currency, work.cost.amount?.micros ?? 0)
        // Few: classes times providers times currencies, and nearly always the one before.
        let known = bills.lastIndex {
            $0.messageClass == work.policy.name && $0.provider == work.provider.name && $0.currency == currency
        }
        guard let known else {
            return bills.append(
                Bill(
                    provider: work.provider.name, messageClass: work.policy.name, currency: currency,
                    segments: work.cost.segments,
                    micros: micros))
        }
        bills[known].segments += work.cost.segments
        bills[known].micros += micros
    }

    /// What receipts will find this message by.
    private mutating func keepIDs(_ reference: String, _ work: Work) {
        guard let kind = receiptIDs[work.provider.name] else { return }
        let ids = CarrierReference.parts(reference)
        let parts = kind == .ofMessages ? 1 : Int16(clamping: ids.count)
        for (index, id) in ids.enumerated() where !id.isEmpty {
            carrierIDs.add(
                id, folded: CarrierID.folded(id), provider: work.provider.name, recipient: work.message.address,
                messageID: work.message.id, attempt: work.attempt, part: Int16(clamping: index + 1), parts: parts)
        }
    }

    private var releases: ReleaseSlots {
        var statement = ReleaseSlots()
        for one in released.sorted(by: { $0.key < $1.key }) {
            statement.recipientKeys.append(one.key)
            statement.messageIDs.append(one.message)
            statement.attempts.append(one.attempt)
        }
        return statement
    }

    /// A send that certainly did not happen gives its slot and its budgets back; what may have happened keeps them.
    private mutating func releaseIfNotSent(_ result: SubmissionResult, _ work: Work) {
        guard !work.caps.isEmpty || !work.budgets.isEmpty else { return }
        switch result.outcome {
        case .accepted, .unknown: break
        case .deferred, .rejected:
            if !work.caps.isEmpty { released.append((work.message.recipientKey, work.message.id, work.attempt)) }
            if !work.budgets.isEmpty { budgets.add(work.message.id, attempt: work.attempt) }
        }
    }

    private mutating func handBack(_ work: Work, _ failure: Failure?) {
        receipts.add(
            work.message.id, kind: "deferred", attempt: work.attempt, provider: work.provider.name, code: failure?.code,
            detail: failure?.detail)
        back.add(work.lease, attempt: work.attempt)
        count("handed_back", final: false, work)
    }

    private mutating func count(_ word: String, final: Bool, _ work: Work) {
        moved[word, default: 0] += 1
        if final && work.policy.erasesBody { erased.append(work.message.id) }
    }
}
