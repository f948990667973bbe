/// What Render makes of a message: exactly what the recipient will read, and what it costs.
public struct RenderedMessage: Sendable, Equatable {
    public var content: Content
    /// Who it comes from: a sender id or number for SMS, a mailbox (`shop@example.com`) for e-mail.
    public var from: String
    /// Display name of the sender where the channel shows one.
    public var fromName: String?
    /// Version of the template that was used.
    public var templateVersion: Int
    /// Billing units: SMS segments, 1 for everything else.
    public var segments: Int {
        switch content {
        case .sms(let text): text.parts.count
        case .email, .http: 1
        }
    }

    public enum Content: Sendable, Equatable {
        case sms(SMSText)
        case email(EmailContent)
        /// Text for an HTTP channel.
        case http(String)
    }

    public init(content: Content, from: String, fromName: String? = nil, templateVersion: Int) {
        self.content = content
        self.from = from
        self.fromName = fromName
        self.templateVersion = templateVersion
    }
}

/// A text and its division into segments as it will be submitted and billed (GSM 03.38, 3GPP TS 23.040).
public struct SMSText: Sendable, Equatable {
    public enum Encoding: String, Sendable {
        case gsm7 = "gsm-7"
        case ucs2 = "ucs-2"
    }
    public var text: String
    public var encoding: Encoding
    /// The text of each segment in order; joined they are `text`. Never empty.
    public var parts: [String]
    /// Septets (GSM-7) or UTF-16 units (UCS-2) of the whole text.
    public var units: Int

    public init(text: String, encoding: Encoding, parts: [String], units: Int) {
        self.text = text
        self.encoding = encoding
        self.parts = parts
        self.units = units
    }
}

/// The parts of an e-mail before MIME.
public struct EmailContent: Sendable, Equatable {
    /// A file sent along.
    public struct Attachment: Sendable, Equatable {
        public var name: String
        public var mediaType: String
        public var bytes: [UInt8]
        public init(name: String, mediaType: String, bytes: [UInt8]) {
            self.name = name
            self.mediaType = mediaType
            self.bytes = bytes
        }
    }
    public var subject: String
    public var text: String
    public var html: String?
    public var replyTo: String?
    /// Further headers in order, checked by the MIME writer (no CR, LF, NUL).
    public var headers: [(name: String, value: String)]
    public var attachments: [Attachment]

    public init(
        subject: String, text: String, html: String? = nil, replyTo: String? = nil,
        headers: [(name: String, value: String)] = [], attachments: [Attachment] = []
    ) {
        self.subject = subject
        self.text = text
        self.html = html
        self.replyTo = replyTo
        self.headers = headers
        self.attachments = attachments
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.subject == right.subject && left.text == right.text && left.html == right.html
            && left.replyTo == right.replyTo && left.attachments == right.attachments
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}
