import Domain
import Store

/// What an admin can do about a message in its present state.
public struct Advice: Sendable, Equatable {
    public var text: String
    /// A command that works as it stands; nil: there is nothing to do.
    public var command: String?

    init(_ text: String, _ command: String? = nil) {
        self.text = text
        self.command = command
    }

    /// - Parameter isAdmin: others see a masked address, with which no command works.
    static func next(_ message: MessageOverview, deadLetter: DeadLetterRow?, isAdmin: Bool) -> Advice? {
        let key = message.recipientKey.shellWord
        func admin(_ command: String) -> String? { isAdmin ? command : nil }
        switch message.state {
        case "dead":
            let why = deadLetter.map { Self.sentences($0.explanation, $0.remedy) } ?? "It is not tried again without a human."
            return Advice(why, admin("martlet dead-letters show \(message.id)"))
        case "due":
            let reason = message.reason ?? ""
            return Advice(due(reason), reason.hasPrefix("cap") ? admin("martlet caps show \(key)") : nil)
        case "ready":
            return Advice("It waits in its lane: is the lane paused or long, and does a worker work?", "martlet lanes")
        case "leased", "sending":
            return Advice("A worker has it; if that worker dies, it is back in work within 15 s.", "martlet workers")
        case "suppressed":
            return Advice(
                "The recipient opted out or bounced.",
                admin("martlet suppressions list \(message.address.shellWord) --channel \(message.channel.shellWord) --all"))
        case "capped": return Advice("A cap was full and its rule drops.", admin("martlet caps show \(key)"))
        case "cancelled": return Advice("Its service, or an admin, cancelled it; nothing is sent.")
        case "expired": return Advice("Its time to live ended first; the service may enqueue it again.")
        default: return nil
        }
    }

    /// What happened and what to do, as two sentences.
    static func sentences(_ explanation: String, _ remedy: String) -> String {
        let isWhole = explanation.last.map { ".!?。".contains($0) } ?? true
        return "\(explanation)\(isWhole ? "" : ".") \(remedy.capitalisedFirst)"
    }

    private static func due(_ reason: String) -> String {
        switch reason {
        case let reason where reason.hasPrefix("cap"): "It waits for a free place under a cap."
        case let reason where reason.contains("quiet"): "It waits for the end of the recipient's quiet hours."
        case "scheduled": "It waits for the time the service asked for."
        case "throttled": "The provider asked for a pause; it is tried again by itself."
        case "resend": "An attempt is in doubt and its class resends; it is tried again by itself."
        default: "It is tried again by itself at that time."
        }
    }

    /// What can be done about a dead letter, the likeliest first. What a class erases (codes) is of no use when it is sent late.
    static func commands(_ row: DeadLetterRow, isErased: Bool) -> [String] {
        let discard = "martlet dead-letters discard \(row.id) --why 'of no use any more'"
        if isErased { return [discard] }
        let flag = row.reason == "in_doubt" ? " --may-duplicate" : row.reason == "held_word" ? " --approve-words" : ""
        let requeue = "martlet dead-letters requeue \(row.id)\(flag) --why 'its cause is mended'"
        let edit = "martlet dead-letters edit \(row.id) --why 'wrong variables'"
        return Self.isOfVariables(row.reason) ? [edit, requeue, discard] : [requeue, edit, discard]
    }

    static let erased =
        "Its text was erased, and a code is of no use when it comes late: discard it. Its service sends a new one when it is asked for one."

    private static func isOfVariables(_ reason: String) -> Bool {
        ["required_variable", "missing_variable", "bad_variables", "rejected_content", "overlong", "blocked_word"].contains(
            reason)
    }
}
