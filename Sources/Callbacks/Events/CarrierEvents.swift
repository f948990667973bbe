public import Domain

/// One delivery receipt (SMPP 3.4, appendix B), as values.
public struct CarrierReceipt: Sendable, Equatable, Codable {
    /// States of SMPP 3.4, 5.2.28.
    public enum State: String, Sendable, CaseIterable, Codable {
        case scheduled, enroute, delivered, expired, deleted, undeliverable, accepted, unknown, rejected, skipped

        /// Nothing can come after it. ENROUTE and ACCEPTD say that it is on its way; UNKNOWN says that it is not known.
        public var isFinal: Bool {
            switch self {
            case .delivered, .expired, .deleted, .undeliverable, .rejected: true
            case .scheduled, .enroute, .accepted, .unknown, .skipped: false
            }
        }
    }

    public var provider: String
    /// The carrier's id of the message or part, as the receipt has it; match it by `CarrierID`. nil: the receipt has none.
    public var id: String?
    public var state: State
    /// No other state can follow. Never for intermediate notifications.
    public var isFinal: Bool
    /// An intermediate notification (esm_class 0x20): tried, and not given up.
    public var isIntermediate: Bool
    /// The network's error code as the carrier writes it (`011`, or `3:17` from network_error_code); nil: none, or `000`.
    public var error: String?
    /// The phone, without `+`; empty where the carrier leaves it out.
    public var recipient: String
    /// Our sender.
    public var sender: String
    /// In the carrier's local time, whatever that is.
    public var submitted: CarrierDate?
    public var done: CarrierDate?
    /// The receipt's text, at most 300 characters.
    public var text: String
    /// What it names by the words that we gave the provider for it; nil: it names `id` alone.
    public var handOver: HandOver?
    /// What else follows from it; nil: nothing.
    public var consequence: Consequence?

    /// What a provider says beyond the state.
    public enum Consequence: String, Sendable, CaseIterable, Codable {
        /// The address is dead.
        case bounced
        /// The recipient called it spam.
        case complained
        /// The recipient wants no more mailings.
        case unsubscribed
    }

    public init(
        provider: String, id: String?, state: State, isFinal: Bool, isIntermediate: Bool = false, error: String? = nil,
        recipient: String = "", sender: String = "", submitted: CarrierDate? = nil, done: CarrierDate? = nil, text: String = ""
    ) {
        self.provider = provider
        self.id = id
        self.state = state
        self.isFinal = isFinal
        self.isIntermediate = isIntermediate
        self.error = error
        self.recipient = recipient
        self.sender = sender
        self.submitted = submitted
        self.done = done
        self.text = text
    }
}

/// One try to hand a message to a provider, as we name it to providers that repeat such a name: `MESSAGE.ATTEMPT`.
public struct HandOver: Sendable, Hashable, Codable {
    public var messageID: MessageID
    public var attempt: Int16

    public init(_ messageID: MessageID, attempt: Int16) {
        self.messageID = messageID
        self.attempt = attempt
    }

    /// nil: not `MESSAGE.ATTEMPT`.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(message: parts[0], attempt: parts[1])
    }

    /// nil: not two numbers.
    public init?(message: some StringProtocol, attempt: some StringProtocol) {
        guard let id = Int64(message), id > 0, let attempt = Int16(attempt), attempt > 0 else { return nil }
        self.init(MessageID(id), attempt: attempt)
    }
}

/// A date of a receipt. Carriers do not say which time zone they mean.
public struct CarrierDate: Sendable, Equatable, Codable {
    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    /// nil: no such day or time.
    public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int = 0) {
        guard (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
            (0...60).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }
}

/// A text from a phone, or one part of a long one.
public struct InboundText: Sendable, Equatable, Codable {
    /// Which part of a long text this is.
    public struct Part: Sendable, Equatable, Codable {
        public var reference: Int
        public var total: Int
        /// From 1.
        public var number: Int
        public init(reference: Int, total: Int, number: Int) {
            self.reference = reference
            self.total = total
            self.number = number
        }
    }
    public var provider: String
    /// The phone, as the carrier writes it.
    public var from: String
    /// Our number.
    public var to: String
    /// nil: it cannot be read; `octets` are all there is.
    public var text: String?
    /// What else the octets may say, most likely first; nil: nothing.
    public var otherReadings: [String]?
    /// What the provider says beside the text, such as the payload of a button that was tapped: keywords there count as if they were written. nil:
    /// nothing.
    public var words: [String]?
    /// What the provider itself takes it for, whatever the word was; nil: it does not say.
    public var flag: KeywordAction?
    public var dataCoding: UInt8
    /// What came, without its header; of a callback the text, or where there is none the event.
    public var octets: [UInt8]
    /// nil: the text is whole.
    public var part: Part?

    public init(
        provider: String, from: String, to: String, text: String?, dataCoding: UInt8, octets: [UInt8], part: Part? = nil
    ) {
        self.provider = provider
        self.from = from
        self.to = to
        self.text = text
        self.dataCoding = dataCoding
        self.octets = octets
        self.part = part
    }
}

/// What is known about one part of a hand-over beyond its result: the answer came after `answerBy` (the result was `unknown`), or this
/// part was accepted of a message that as a whole is in doubt. Receipts of the part match its reference.
public struct LateResponse: Sendable, Equatable, Codable {
    public var provider: String
    public var messageID: MessageID
    public var attempt: Int
    /// From 1.
    public var part: Int
    public var parts: Int
    public var outcome: Outcome

    public init(provider: String, messageID: MessageID, attempt: Int, part: Int, parts: Int, outcome: Outcome) {
        self.provider = provider
        self.messageID = messageID
        self.attempt = attempt
        self.part = part
        self.parts = parts
        self.outcome = outcome
    }
}
