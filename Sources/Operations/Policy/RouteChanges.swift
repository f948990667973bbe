import Domain
import Store
import Text

/// How many waiting messages another policy would send by another provider, as if all providers were well.
public struct RouteChanges: Sendable, JSONConvertible {
    /// At most so many waiting messages are looked at.
    public static let most: Int64 = 100_000

    public struct Move: Hashable, Sendable {
        /// nil: no route leads anywhere.
        public var from: String?
        public var to: String?
    }
    public private(set) var looked = 0
    public private(set) var moves: [Move: Int] = [:]

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

    /// Most messages first.
    public var sorted: [(move: Move, messages: Int)] {
        moves.sorted { ($1.value, $0.key.from ?? "", $0.key.to ?? "") < ($0.value, $1.key.from ?? "", $1.key.to ?? "") }
            .map { ($0.key, $0.value) }
    }

    public var json: JSONValue {
        [
            "waiting": .int(looked), "is_sample": .bool(looked >= Self.most),
            "moves": .list(sorted) { ["from": .text($0.move.from), "to": .text($0.move.to), "messages": .int($0.messages)] },
        ]
    }
}

extension Policy {
    fileprivate func senderKey(of message: Message) -> String {
        message.sender ?? classes[message.messageClass]?.sender ?? defaultSender
    }
}
