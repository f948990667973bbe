/// What people ask for with one word, texted to one of our numbers.
public enum KeywordAction: String, Sendable, CaseIterable, Codable {
    /// Nothing more of the policy's scope (marketing) on this channel.
    case stop
    /// Nothing more on this channel but the codes they ask for.
    case stopAll = "stop_all"
    /// As it was before the opt-out.
    case start

    /// Who may mean two things opts out, of more rather than less. nil: of nothing.
    public static func strongest(_ actions: [KeywordAction]) -> KeywordAction? {
        [.stopAll, .stop, .start].first(where: actions.contains)
    }
}

/// Which words those are: the ones that everybody knows, and what a policy adds by country.
public struct KeywordPolicy: Sendable, Equatable {
    /// Understood everywhere, whatever the policy says.
    public static let everywhere: [KeywordAction: [String]] = [
        .stop: [
            "STOP", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT", "OPT-OUT", "TD", "T", "R", "N", "退订",
            "退訂", "拒收",
        ],
        .stopAll: ["STOPALL", "STOP ALL"],
        .start: ["START", "UNSTOP", "恢复"],
    ]
    /// Of STOP and its like: a class, `all_except_otp` or `all`. Of STOPALL it is `all_except_otp`, or `all`.
    public var scope: String
    /// By country prefix of the phone (`+49`), `""` for every phone.
    public var added: [String: [KeywordAction: [String]]]

    /// Whether an open survey may take a word that stops for an answer: one or two Latin letters (`N`, `TD`). Who writes more means it.
    public static func mayAnswer(_ word: String) -> Bool {
        (1...2).contains(word.utf8.count) && word.utf8.allSatisfy { (0x41...0x5A).contains($0 & 0xDF) }
    }

    public init(scope: String = "marketing", added: [String: [KeywordAction: [String]]] = [:]) {
        self.scope = scope
        self.added = added
    }
}
