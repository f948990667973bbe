/// What a message asks, and which words answer it.
public struct Survey: Sendable, Equatable {
    /// Of a yes or no.
    public static let yes = "yes"
    public static let standardWithin = Duration.seconds(72 * 3600)

    /// Name of an answer: the words that give it, in whatever language. Empty: it is answered by a link alone.
    public var answers: [String: [String]]
    /// From the admission on.
    public var within: Duration
    /// A class: the answer `yes` makes the pending consent to it granted.
    public var confirms: String?

    public init(answers: [String: [String]], within: Duration = Survey.standardWithin, confirms: String? = nil) {
        self.answers = answers
        self.within = within
        self.confirms = confirms
    }
}
