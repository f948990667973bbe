public import Domain

/// What a delivery status report (RFC 3464) says about one recipient. The message and its attempt come from an authenticated token; the
/// rest is the reporter's word.
public struct BounceReport: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// Not delivered, and the address is dead: `failure.suppressesAddress`.
        case hard
        /// Not delivered, for a reason that may pass or lies with somebody else.
        case soft
        /// Not yet delivered; the server goes on trying.
        case delayed
        /// In the mailbox.
        case delivered
        /// Handed to a system that reports nothing more (relayed, expanded).
        case passedOn = "passed_on"
        /// A program answered: a holiday notice, a read receipt. Says nothing about delivery.
        case autoReply = "auto_reply"
        /// It came to this message's return path, and what it says is for a person to read.
        case unclear
    }
    public var provider: String
    public var messageID: MessageID
    public var attempt: Int
    public var kind: Kind
    /// Enhanced status (RFC 3463), such as `5.1.1`.
    public var status: String
    /// The recipient that the report names, at most 320 characters; nil: none. The message's own address is the one to suppress.
    public var address: String?
    /// nil when it was delivered or passed on. The code is `bounce_5.1.1`, the detail the reporter's diagnostic.
    public var failure: Failure?

    public init(
        provider: String, messageID: MessageID, attempt: Int, kind: Kind, status: String, address: String? = nil,
        failure: Failure? = nil
    ) {
        self.provider = provider
        self.messageID = messageID
        self.attempt = attempt
        self.kind = kind
        self.status = status
        self.address = address
        self.failure = failure
    }
}

/// A recipient called the message spam (RFC 5965). The message comes from an authenticated token, the rest is the reporter's word.
public struct Complaint: Sendable, Equatable, Codable {
    public var provider: String
    public var messageID: MessageID
    public var attempt: Int
    /// Feedback-Type in lower case: `abuse`, `fraud`, `virus`, `not-spam`, `other`, ….
    public var kind: String
    /// The recipient that the report names, often left out; nil: none.
    public var address: String?
    /// User-Agent of the report: who says so.
    public var reporter: String?
    /// False for `not-spam`, by which a recipient takes it back, and for reports about signatures and policies (RFC 6591, RFC 7489), which no
    /// recipient asked for. An unknown type counts as one: RFC 5965, 3.1, takes it for `other`.
    public var suppressesAddress: Bool { !["not-spam", "auth-failure", "dmarc", "dkim", "spf"].contains(kind) }

    /// The receipt that it becomes: `complained`, `not_spam`, or `feedback` for what is neither.
    public var receipt: String { suppressesAddress ? "complained" : kind == "not-spam" ? "not_spam" : "feedback" }

    public init(
        provider: String, messageID: MessageID, attempt: Int, kind: String, address: String? = nil, reporter: String? = nil
    ) {
        self.provider = provider
        self.messageID = messageID
        self.attempt = attempt
        self.kind = kind
        self.address = address
        self.reporter = reporter
    }
}
