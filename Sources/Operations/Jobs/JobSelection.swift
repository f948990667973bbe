import Domain
import Store
import Text

/// What a job does to its dead letters.
public enum JobAction: Sendable, Equatable {
    public struct Requeue: Sendable, Equatable {
        /// JSON object: its members take the place of those of each message's variables, or are added; nil: as they were.
        public var variables: String?
        /// They take the place of all variables.
        public var replacesVariables: Bool
        /// Sends by this one instead of the one that the routes choose.
        public var provider: String?
        /// Also what is in doubt: the recipient may get it twice.
        public var mayDuplicate: Bool
        /// Somebody has read the text that a word list held.
        public var approvesWords: Bool
        public init(
            variables: String? = nil, replacesVariables: Bool = false, provider: String? = nil, mayDuplicate: Bool = false,
            approvesWords: Bool = false
        ) {
            self.variables = variables
            self.replacesVariables = replacesVariables
            self.provider = provider
            self.mayDuplicate = mayDuplicate
            self.approvesWords = approvesWords
        }
    }
    case requeue(Requeue)
    case discard

    var name: String {
        switch self {
        case .requeue: "requeue"
        case .discard: "discard"
        }
    }

    /// As `martlet.create_job` takes it.
    var options: JSONValue {
        guard case .requeue(let requeue) = self else { return .object([]) }
        var members: [JSONValue.Member] = []
        if let variables = requeue.variables { members.append(.init(name: "variables", value: .raw(variables))) }
        if requeue.variables != nil, !requeue.replacesVariables {
            members.append(.init(name: "merge_variables", value: .bool(true)))
        }
        if let provider = requeue.provider { members.append(.init(name: "provider", value: .string(provider))) }
        members.append(.init(name: "may_duplicate", value: .bool(requeue.mayDuplicate)))
        members.append(.init(name: "approve_words", value: .bool(requeue.approvesWords)))
        return .object(members)
    }
}

/// Which dead letters a job works on.
public enum JobSelection: Sendable, Equatable {
    case ids([MessageID])
    case matching(DeadLetterFilter)

    /// For people, kept with the job.
    var json: JSONValue {
        guard case .matching(let filter) = self else { return ["ids": .bool(true)] }
        let named: [(String, String?)] = [
            ("class", filter.messageClass), ("channel", filter.channel), ("reason", filter.reason),
            ("provider", filter.provider), ("template", filter.template), ("older_than", filter.olderThan?.rough),
            ("newer_than", filter.newerThan?.rough), ("until", filter.until?.iso8601),
        ]
        return .object(
            named.compactMap { name, value in value.map { JSONValue.Member(name: name, value: .string($0)) } })
    }
}
