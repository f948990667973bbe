import Callbacks
import Domain
import Store

/// Turns matched events into receipts and what follows from them.
struct EventWriting {
    /// Who calls mail spam gets nothing more but the codes that he asks for: each further mail of whatever class counts against the sender.
    static let complaintScope = "all_except_otp"
    /// A dead mailbox is dead for every class, as an answer at RCPT is.
    static let bounceScope = "all"
    /// Who leaves a list gets no more mailings.
    static let unsubscribeScope = "marketing"

    private let receiptIDs: [String: ReceiptIDs]
    private var rows: [InsertCarrierReceipts.Row] = []
    private var ids = InsertCarrierIDs()
    private var parked: [ParkEvents.Row] = []
    private var suppressions = SuppressRecipients()
    private var texts: [InsertInboundTexts.Row] = []
    private var keywords = ApplyKeywords()
    private var confirmed: [MessageID] = []
    private var concluded: [Whole: (parts: Int16, provider: String)] = [:]
    /// Their state follows from more than one receipt.
    private var locked: Set<MessageID> = []
    private var decided: Set<MessageID> = []

    private struct Whole: Hashable, Comparable {
        var messageID: MessageID
        var attempt: Int16
        static func < (left: Self, right: Self) -> Bool {
            (left.messageID, left.attempt) < (right.messageID, right.attempt)
        }
    }

    init(receiptIDs: [String: ReceiptIDs]) { self.receiptIDs = receiptIDs }

    mutating func park(_ row: ParkEvents.Row) { parked.append(row) }

    // MARK: SMS

    mutating func add(_ receipt: CarrierReceipt, _ known: FindCarrierIDs.Known) {
        let whole = known.parts == 1
        if let consequence = receipt.consequence { follow(consequence, receipt, known) }
        // What people think of a message says nothing about its way, unless it is why it was not delivered.
        if receipt.consequence == .complained || receipt.consequence == .unsubscribed, !receipt.isFinal { return }
        let kind =
            !receipt.isFinal
            ? (receipt.state == .unknown ? "unclear" : "enroute")
            : (whole ? "" : "part_") + (receipt.state == .delivered ? "delivered" : "undelivered")
        let row = InsertCarrierReceipts.Row(
            messageID: known.messageID, attempt: known.attempt, kind: kind, part: whole ? 0 : known.part,
            provider: known.provider, code: EventText.code(receipt), detail: EventText.detail(receipt),
            reference: receipt.id.map { EventText.clean($0) })
        rows.append(row)
        guard receipt.isFinal else { return }
        decided.insert(known.messageID)
        if !whole { conclude(row, parts: known.parts) }
        if receipt.state != .delivered { locked.insert(known.messageID) }
    }

    private mutating func follow(
        _ consequence: CarrierReceipt.Consequence, _ receipt: CarrierReceipt, _ known: FindCarrierIDs.Known
    ) {
        rows.append(
            .init(
                messageID: known.messageID, attempt: known.attempt, kind: consequence.rawValue, part: 0, provider: known.provider,
                code: EventText.code(receipt), reference: receipt.id.map { EventText.clean($0) }))
        switch consequence {
        case .bounced: suppressions.add(known.messageID, scope: Self.bounceScope, reason: "hard_bounce")
        case .complained: suppressions.add(known.messageID, scope: Self.complaintScope, reason: "complaint")
        case .unsubscribed: suppressions.add(known.messageID, scope: Self.unsubscribeScope, reason: "opt_out")
        }
    }

    /// The answer came too late to be the result. Accepted: as if it had come in time. Refused: evidence and nothing more; a message that
    /// is to be sent again is sent again, and a dead letter stays in doubt until a person has read the evidence.
    mutating func add(_ response: LateResponse, isFirst: Bool) {
        let attempt = Int16(clamping: response.attempt)
        let parts = Int16(clamping: response.parts)
        let part = Int16(clamping: response.part)
        var row = InsertCarrierReceipts.Row(
            messageID: response.messageID, attempt: attempt, kind: "late_refusal", part: parts == 1 ? 0 : part,
            provider: response.provider)
        switch response.outcome {
        case .accepted(let reference):
            row.kind = parts == 1 ? "accepted" : "part_accepted"
            row.code = "late_answer"
            row.reference = reference.map { EventText.clean($0) }
            decided.insert(response.messageID)
            if parts > 1 { conclude(row, parts: parts) }
            locked.insert(response.messageID)
            guard isFirst, let reference, !reference.isEmpty, let kind = receiptIDs[response.provider] else { break }
            let id = EventText.clean(reference)
            ids.add(
                id, folded: CarrierID.folded(id), provider: response.provider, recipient: nil, messageID: response.messageID,
                attempt: attempt, part: part, parts: kind == .ofMessages ? 1 : parts)
        case .deferred(let failure), .rejected(let failure):
            row.code = EventText.clean(failure.code)
            row.detail = EventText.clean(failure.detail, limit: 500)
        case .unknown: return
        }
        rows.append(row)
    }

    private mutating func conclude(_ row: InsertCarrierReceipts.Row, parts: Int16) {
        concluded[Whole(messageID: row.messageID, attempt: row.attempt)] = (parts, row.provider)
        locked.insert(row.messageID)
    }

    mutating func add(
        _ text: InboundText, on channel: Channel, from address: String?, keyword: InboundKeywords.Decision? = nil,
        answer: OpenQuestions.Answer? = nil
    ) {
        if let keyword { keywords.add(keyword.address, channel: keyword.channel, scope: keyword.scope, word: keyword.word) }
        if let answer, answer.confirms { confirmed.append(answer.messageID) }
        var row = InsertInboundTexts.Row(
            provider: text.provider, sender: EventText.clean(text.from), recipient: EventText.clean(text.to),
            body: text.text.map { EventText.clean($0, limit: 100_000) }, octets: text.octets,
            dataCoding: Int16(text.dataCoding), reference: text.part.map { Int32(clamping: $0.reference) },
            part: Int16(clamping: text.part?.number ?? 1), parts: Int16(clamping: text.part?.total ?? 1), channel: channel,
            address: address, keyword: keyword?.action.rawValue)
        row.answers = answer?.messageID
        row.answer = answer?.name
        texts.append(row)
    }

    // MARK: mail

    mutating func add(_ bounce: BounceReport) {
        var row = InsertCarrierReceipts.Row(
            messageID: bounce.messageID, attempt: Int16(clamping: bounce.attempt), kind: bounce.kind.rawValue, part: 0,
            provider: bounce.provider, code: EventText.clean(bounce.failure?.code ?? "bounce_\(bounce.status)"),
            detail: bounce.failure.map { EventText.clean($0.detail, limit: 500) })
        switch bounce.kind {
        case .delayed, .passedOn: break
        case .autoReply, .unclear: row.code = nil
        case .delivered:
            row.code = nil
            decided.insert(bounce.messageID)
        case .soft, .hard:
            if bounce.kind == .hard {
                row.kind = "bounced"
                rows.append(row)
                suppressions.add(bounce.messageID, scope: Self.bounceScope, reason: "hard_bounce")
            }
            row.kind = "undelivered"
            decided.insert(bounce.messageID)
            locked.insert(bounce.messageID)
        }
        rows.append(row)
    }

    mutating func add(_ complaint: Complaint) {
        rows.append(
            .init(
                messageID: complaint.messageID, attempt: Int16(clamping: complaint.attempt),
                kind: complaint.receipt, part: 0, provider: complaint.provider,
                code: EventText.clean(complaint.kind), detail: complaint.reporter.map { EventText.clean($0) }))
        if complaint.suppressesAddress { suppressions.add(complaint.messageID, scope: Self.complaintScope, reason: "complaint") }
    }

    // MARK: the end

    var writes: EventBatch.Writes {
        var writes = EventBatch.Writes()
        writes.lock = EventLock(buckets: Set(locked.map(EventLock.bucket)).sorted())
        writes.ids = ids
        writes.receipts = InsertCarrierReceipts(rows)
        for (whole, how) in concluded.sorted(by: { $0.key < $1.key }) {
            writes.conclusions.add(whole.messageID, attempt: whole.attempt, parts: how.parts, provider: how.provider)
        }
        writes.parked = ParkEvents(parked)
        writes.resolved = ResolveUnknownOutcome(messageIDs: decided.sorted())
        writes.suppressions = suppressions
        writes.texts = InsertInboundTexts(texts)
        writes.keywords = keywords
        writes.confirmed = confirmed
        return writes
    }
}
