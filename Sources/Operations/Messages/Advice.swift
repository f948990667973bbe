import Domain
import Store

/// What an admin can do about a message in its present state.
enum Advice {
    static func next(_ message: MessageOverview, deadLetter: DeadLetterRow?) -> String? {
        switch message.state {
        case "dead":
            let requeue =
                "martlet dead-letters requeue \(message.id) --why '…'"
                + (message.reason == "in_doubt" ? " --may-duplicate" : message.reason == "held_word" ? " --approve-words" : "")
            let why = deadLetter.map { "\($0.explanation) \($0.remedy) " } ?? ""
            return "\(why)`\(requeue)`, or `martlet dead-letters discard \(message.id) --why '…'`"
        case "due": return due(message.reason ?? "")
        case "ready":
            return "It waits in its lane; `martlet lanes` shows whether the lane is paused or long, `martlet workers` who works."
        case "leased", "sending": return "A worker has it; if that worker dies, it is back in work within 15 s."
        case "suppressed": return "The recipient opted out or bounced: `martlet suppressions list --recipient …`."
        case "capped": return "A cap was full and its rule drops: `martlet caps show --recipient …`."
        case "cancelled": return "Its service, or an admin, cancelled it; nothing is sent."
        case "expired": return "Its time to live ended first; the service may enqueue it again."
        default: return nil
        }
    }

    private static func due(_ reason: String) -> String {
        switch reason {
        case let reason where reason.hasPrefix("cap"): "It waits for a free place: `martlet caps show --recipient …` says when."
        case let reason where reason.contains("quiet"): "It waits for the end of the recipient's quiet hours."
        case "scheduled": "It waits for the time the service asked for."
        case "throttled": "The provider asked for a pause; it is tried again by itself."
        case "resend": "An attempt is in doubt and its class resends; it is tried again by itself."
        default: "It is tried again by itself at that time."
        }
    }
}
