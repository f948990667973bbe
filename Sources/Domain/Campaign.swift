/// What a file `Config/campaigns/NAME.yaml` says: which people get which texts, when, and when it is over. A run is one execution of it.
public struct Campaign: Sendable, Equatable {
    /// One text of an A/B test; `template` nil: the people who get nothing, for comparison.
    public struct Variant: Sendable, Equatable {
        public var name: String
        public var template: String?
        /// Of the people, in ten-thousandths; all variants together have 10,000.
        public var share: Int
        public init(name: String, template: String?, share: Int) {
            self.name = name
            self.template = template
            self.share = share
        }
    }
    /// What becomes of those whose window of the day is over when their turn comes.
    public enum Missed: String, Sendable, CaseIterable { case tomorrow, now, skip }
    /// A daily stretch of the recipient's own time, in minutes after midnight; `from` > `until` goes over midnight.
    public struct Window: Sendable, Equatable {
        public var from: Int
        public var until: Int
        public init(from: Int, until: Int) {
            self.from = from
            self.until = until
        }
        public func contains(_ minute: Int) -> Bool {
            from < until ? minute >= from && minute < until : minute >= from || minute < until
        }
        /// True when no minute of a day is in the window and outside the quiet hours.
        public func isShut(by quiet: QuietHours) -> Bool {
            let silence = Window(from: quiet.from, until: quiet.until)
            guard quiet.from != quiet.until else { return false }
            return !(0..<1440).contains { contains($0) && !silence.contains($0) }
        }
    }
    /// A wall-clock time in the campaign's zone; the database turns it into an instant.
    public struct LocalTime: Sendable, Equatable {
        /// `2027-03-01 09:00`
        public var text: String
        public init(text: String) { self.text = text }
    }

    public static let holdout = "holdout"
    public var name: String
    public var audience: String
    public var messageClass: String
    public var channel: Channel
    public var sender: String?
    public var variants: [Variant]
    /// Of the experiment: the same seed and person give the same variant, in every run.
    public var seed: String
    /// For every message; a member's own come first.
    public var variables: [String: String] = [:]
    public var window: Window?
    public var missed: Missed = .tomorrow
    /// Of members without a zone, and of the times in the file.
    public var timeZone: String
    /// nil: at once.
    public var start: LocalTime?
    /// Messages a second over all workers; nil: as fast as providers take them.
    public var pace: Double?
    public var pool: String?
    /// The variable that has the message's code.
    public var codeVariable = "code"
    /// An event that makes the messages needless.
    public var goal: String?
    /// Over so many members a second person approves; nil: never.
    public var fourEyes: Int?

    public init(
        name: String, audience: String, messageClass: String, channel: Channel, variants: [Variant], seed: String,
        timeZone: String
    ) {
        self.name = name
        self.audience = audience
        self.messageClass = messageClass
        self.channel = channel
        self.variants = variants
        self.seed = seed
        self.timeZone = timeZone
    }
}
