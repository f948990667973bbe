import Domain
import Store

/// How many waiting messages another policy would send by another provider, as if all providers were well.
struct RouteChanges: Sendable {
    static let most: Int64 = 100_000

    struct Move: Hashable, Sendable {
        /// nil: no route leads anywhere.
        var from: String?
        var to: String?
    }
    private(set) var looked = 0
    private(set) var moves: [Move: Int] = [:]

    init(_ waiting: [Message], from old: Policy, to new: Policy) {
        let (before, after) = (Router(old), Router(new))
        looked = waiting.count
        for message in waiting {
            let move = Move(
                from: before.provider(for: message, sender: old.senderKey(of: message))?.name,
                to: after.provider(for: message, sender: new.senderKey(of: message))?.name)
            if move.from != move.to { moves[move, default: 0] += 1 }
        }
    }

    private var sorted: [(Move, Int)] {
        moves.sorted { ($1.value, $0.key.from ?? "", $0.key.to ?? "") < ($0.value, $1.key.from ?? "", $1.key.to ?? "") }
            .map { ($0.key, $0.value) }
    }

    var line: String {
        let scope = looked < Self.most ? "\(looked)" : "the first \(looked)"
        guard !moves.isEmpty else { return "routes: none of \(scope) waiting messages would change provider" }
        let list = sorted.map { "\($0.from ?? "none") → \($0.to ?? "none") \($1)" }.joined(separator: ", ")
        return "routes: of \(scope) waiting messages \(moves.values.reduce(0, +)) would change provider: \(list)"
    }

    var json: JSONValue {
        [
            "waiting": .int(looked), "is_sample": .bool(looked >= Self.most),
            "moves": .list(sorted) { ["from": .text($0.from), "to": .text($0.to), "messages": .int($1)] },
        ]
    }
}

extension Policy {
    fileprivate func senderKey(of message: Message) -> String {
        message.sender ?? classes[message.messageClass]?.sender ?? defaultSender
    }
}
