import Callbacks
import Domain
import Store

/// Events of providers, what they are about, and what must be written for them. A value: no I/O.
package struct EventBatch: Sendable {
    package struct Item: Sendable {
        var event: ProviderEvent
        /// When it came first; nil: now.
        var at: Timestamp?
        /// Times it found nothing.
        var tries: Int32 = 0

        package init(event: ProviderEvent, at: Timestamp? = nil, tries: Int32 = 0) {
            self.event = event
            self.at = at
            self.tries = tries
        }
    }
    struct Label: Hashable {
        var provider: String
        var state: String
    }
    private enum Match {
        case open
        case ambiguous
        case one(FindCarrierIDs.Known)
    }
    private struct Key: Hashable {
        var provider: String
        var folded: String
    }

    private let items: [Item]
    private let receiptIDs: [String: ReceiptIDs]
    private let keywords: InboundKeywords
    /// Kinds of receipts that webhooks ask for.
    private let published: Set<String>
    private var questions = OpenQuestions()
    private var matches: [Match]
    /// Named by receipts, and without an answer as far as can be seen.
    private var unanswered: Set<HandOver> = []

    init(_ items: [Item], _ policy: EventPolicy) {
        self.items = items
        keywords = policy.keywords
        receiptIDs = policy.receiptIDs
        published = policy.published
        matches = items.map { _ in .open }
    }

    // MARK: whose it is

    /// What to look for: everything that the ids of receipts without a match could be on record as.
    func lookup(since: Duration) -> FindCarrierIDs {
        var keys: Set<Key> = []
        for (index, item) in items.enumerated() {
            guard case .open = matches[index], case .receipt(let receipt) = item.event, receipt.handOver == nil,
                let id = receipt.id
            else { continue }
            for folded in CarrierID.candidates(EventText.clean(id)) {
                keys.insert(Key(provider: receipt.provider, folded: folded))
            }
        }
        return FindCarrierIDs(folded: keys.map(\.folded), providers: keys.map(\.provider), since: since)
    }

    /// Hand-overs that receipts name by our own words: a provider speaks of its own only.
    var named: FindHandOvers {
        var find = FindHandOvers()
        for item in items {
            guard case .receipt(let receipt) = item.event, let handOver = receipt.handOver else { continue }
            find.add(handOver.messageID, attempt: handOver.attempt, provider: receipt.provider)
        }
        return find
    }

    mutating func match(named: [FindHandOvers.Found]) {
        guard !named.isEmpty else { return }
        let found = Dictionary(named.map { (HandOver($0.messageID, attempt: $0.attempt), $0) }) { first, _ in first }
        unanswered = Set(found.filter { !$0.value.isAnswered }.keys)
        for (index, item) in items.enumerated() {
            guard case .receipt(let receipt) = item.event, let handOver = receipt.handOver, let known = found[handOver],
                known.provider == receipt.provider
            else { continue }
            matches[index] = .one(
                .init(
                    folded: "", id: receipt.id ?? "", provider: known.provider, recipient: "", messageID: known.messageID,
                    attempt: known.attempt, part: 1, parts: 1, at: known.admittedAt))
        }
    }

    mutating func match(_ known: [FindCarrierIDs.Known]) {
        guard !known.isEmpty else { return }
        let byKey = Dictionary(grouping: known) { Key(provider: $0.provider, folded: $0.folded) }
        for (index, item) in items.enumerated() {
            guard case .open = matches[index], case .receipt(let receipt) = item.event, receipt.handOver == nil,
                let id = receipt.id
            else { continue }
            let groups = CarrierID.candidates(EventText.clean(id)).compactMap {
                byKey[Key(provider: receipt.provider, folded: $0)]
            }
            matches[index] = Self.match(receipt, id: EventText.clean(id), groups)
        }
    }

    /// Who wrote something that may be an answer.
    var surveys: FindSurveys {
        var find = FindSurveys()
        for case .text(let text) in items.map(\.event) where text.text != nil && (text.part?.total ?? 1) == 1 {
            if let place = keywords.place(text) { find.add(place.address, channel: place.channel) }
        }
        return find
    }

    mutating func match(_ found: [FindSurveys.Found]) { questions = OpenQuestions(found) }

    private static func match(_ receipt: CarrierReceipt, id: String, _ groups: [[FindCarrierIDs.Known]]) -> Match {
        guard !groups.isEmpty else { return .open }
        // There may be more of them than were read.
        guard groups.allSatisfy({ $0.count < FindCarrierIDs.most }) else { return .ambiguous }
        var seen: Set<[Int64]> = []
        let known = groups.flatMap { $0 }.filter {
            // Written twice, or another part of a message of which any part's id will do.
            seen.insert([$0.messageID.rawValue, Int64($0.attempt), $0.parts == 1 ? 0 : Int64($0.part)]).inserted
        }
        switch CarrierID.match(id, from: receipt.recipient, among: known.map { .init(id: $0.id, recipient: $0.recipient) }) {
        case .one(let index): return .one(known[index])
        case .ambiguous: return .ambiguous
        case .none: return .open
        }
    }

    // MARK: what it says

    /// Everything that follows, in the order in which it is written.
    struct Writes {
        var lock = EventLock(buckets: [])
        var ids = InsertCarrierIDs()
        var receipts = InsertCarrierReceipts([])
        var conclusions = ConcludeParts()
        var parked = ParkEvents([])
        var resolved = ResolveUnknownOutcome(messageIDs: [])
        var suppressions = SuppressRecipients()
        var texts = InsertInboundTexts([])
        var keywords = ApplyKeywords()
        /// Messages whose recipients said yes to a question about consent.
        var confirmed: [MessageID] = []
    }

    func writes() -> Writes {
        var writing = EventWriting(receiptIDs: receiptIDs)
        for (item, match) in zip(items, matches) {
            switch (item.event, match) {
            case (.receipt(let receipt), .one(let known)):
                writing.add(receipt, known)
                // One that has a name can come before the answer; a doubt that is written down after it would not see it.
                if receipt.isFinal, let handOver = receipt.handOver, unanswered.contains(handOver) {
                    writing.park(Self.row(item, known.messageID, Int(known.attempt)))
                }
            case (.receipt(let receipt), .ambiguous): writing.park(Self.row(receipt, item, "ambiguous"))
            case (.receipt(let receipt), .open):
                writing.park(Self.row(receipt, item, receipt.id == nil && receipt.handOver == nil ? "unreadable" : "no_match"))
            case (.response(let response), _):
                writing.add(response, isFirst: item.tries == 0)
                writing.park(Self.row(item, response.messageID, response.attempt))
            case (.bounce(let bounce), _):
                writing.add(bounce)
                writing.park(Self.row(item, bounce.messageID, bounce.attempt))
            case (.complaint(let complaint), _):
                writing.add(complaint)
                writing.park(Self.row(item, complaint.messageID, complaint.attempt))
            case (.text(let text), _): add(text, to: &writing)
            }
        }
        var writes = writing.writes
        writes.receipts.published = published.intersection(writes.receipts.kinds).sorted()
        if !writes.conclusions.isEmpty { writes.conclusions.published = published.intersection(ConcludeParts.kinds).sorted() }
        return writes
    }

    /// An answer to an open survey is an answer first; but who says STOP stops.
    private func add(_ text: InboundText, to writing: inout EventWriting) {
        var text = text
        let place = keywords.place(text)
        let decision = keywords.decision(text)
        if let reading = decision?.reading { text.text = reading }
        let answer = place.flatMap { questions.answer(text, address: $0.address, channel: $0.channel) }
        if let answer, decision.map({ !keywords.isFirm(text, $0) }) ?? true {
            writing.add(text, on: keywords.channel(text), from: place?.address, answer: answer)
        } else {
            writing.add(text, on: keywords.channel(text), from: place?.address, keyword: decision)
        }
    }

    private static func row(_ receipt: CarrierReceipt, _ item: Item, _ reason: String) -> ParkEvents.Row {
        ParkEvents.Row(
            at: item.at, provider: receipt.provider, kind: "receipt", carrierID: receipt.id.map { EventText.clean($0) },
            recipient: EventText.clean(receipt.recipient), payload: EventText.payload(item.event), reason: reason,
            tries: item.tries + 1)
    }

    private static func row(_ item: Item, _ message: MessageID, _ attempt: Int) -> ParkEvents.Row {
        ParkEvents.Row(
            at: item.at, provider: item.event.provider, kind: EventText.kind(item.event), payload: EventText.payload(item.event),
            reason: nil, messageID: message, attempt: Int16(clamping: attempt), tries: item.tries + 1)
    }

    static func unreadable(_ item: Item, _ problem: String) -> ParkEvents.Row {
        ParkEvents.Row(
            at: item.at, provider: item.event.provider, kind: EventText.kind(item.event),
            payload: EventText.note(problem, about: item.event), reason: "unreadable", tries: item.tries)
    }

    // MARK: for metrics

    /// Events that came for the first time (or again from the carrier, which looks the same), by provider and what they say.
    var firstTimes: [Label: Int] {
        var counts: [Label: Int] = [:]
        for item in items where item.tries == 0 {
            counts[Label(provider: item.event.provider, state: EventText.state(item.event)), default: 0] += 1
        }
        return counts
    }

    /// Texts that cannot be read, by provider. They are kept, and `martlet.inbound_texts` shows them.
    var unreadableTexts: [String: Int] {
        var counts: [String: Int] = [:]
        for case .text(let text) in items.map(\.event) where text.text == nil && text.flag == nil {
            counts[text.provider, default: 0] += 1
        }
        return counts
    }

    /// By provider: when the message was accepted that had to wait longest for one of these receipts.
    var oldest: [String: Timestamp] {
        var oldest: [String: Timestamp] = [:]
        for case .one(let known) in matches { oldest[known.provider] = min(oldest[known.provider] ?? known.at, known.at) }
        return oldest
    }
}
