/// One stored template: key + locale + channel + version → subject and body.
public struct Template: Sendable, Equatable {
    public var key: String
    /// BCP 47 (`zh-CN`), or `default`.
    public var locale: String
    public var channel: Channel
    /// Counted up by `martlet templates push` whenever the text changes; 1 is the first.
    public var version: Int
    /// Mustache; e-mail only.
    public var subject: String?
    /// Mustache: the SMS text, or an e-mail's text part.
    public var body: String
    /// Mustache, HTML-escaped; e-mail only.
    public var html: String?
    /// Variables that must be present and not empty.
    public var required: [String]
    /// nil: it asks nothing.
    public var survey: Survey?

    public init(
        key: String, locale: String, channel: Channel, version: Int = 1, subject: String? = nil, body: String,
        html: String? = nil, required: [String] = [], survey: Survey? = nil
    ) {
        self.key = key
        self.locale = locale
        self.channel = channel
        self.version = version
        self.subject = subject
        self.body = body
        self.html = html
        self.required = required
        self.survey = survey
    }
}
