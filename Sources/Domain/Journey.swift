/// Several messages to one person over time: what operators write in `journeys/NAME.yaml`. Steps go forward only, so every journey ends.
public struct Journey: Sendable, Equatable {
    /// What lets a person in.
    public enum Entry: Sendable, Equatable {
        /// An event whose data fulfil all conditions; `data` are the fields that it must have.
        case event(String, conditions: [Condition], data: [String])
        /// A list of people, who enter by `martlet journeys enter`.
        case audience(String, data: [String])
    }
    /// What becomes of a person who is to enter once more.
    public enum ReEntry: String, Sendable, CaseIterable {
        case never
        case afterEnd = "after_end"
        /// Who is in begins anew.
        case always
    }
    /// A value of an event's data as a file can name it.
    public enum Scalar: Sendable, Equatable {
        case text(String)
        case number(Double)
        case flag(Bool)
    }
    /// What a field of the data must be. A field that is missing fulfils nothing.
    public struct Condition: Sendable, Equatable {
        public enum Test: Sendable, Equatable {
            case oneOf([Scalar])
            case not(Scalar)
            case atLeast(Double)
            case atMost(Double)
        }
        /// Names from the outside to the inside.
        public var field: [String]
        public var test: Test
        public init(field: [String], test: Test) {
            self.field = field
            self.test = test
        }
    }
    /// One message.
    public struct Send: Sendable, Equatable {
        public var template: String
        public var messageClass: String
        public var channel: Channel
        public var sender: String?
        public var variables: [String: String]
        public var pool: String?
        /// The variable that has the code.
        public var codeVariable: String
        public init(
            template: String, messageClass: String, channel: Channel, sender: String? = nil, variables: [String: String] = [:],
            pool: String? = nil, codeVariable: String = "code"
        ) {
            self.template = template
            self.messageClass = messageClass
            self.channel = channel
            self.sender = sender
            self.variables = variables
            self.pool = pool
            self.codeVariable = codeVariable
        }
    }
    /// What must have become of a message. What is opened is delivered, and what is clicked is opened.
    public enum Sign: String, Sendable, CaseIterable { case delivered, opened, clicked }

    /// Where a person goes: a later step; nil: the end.
    public typealias Target = String?
    public enum Action: Sendable, Equatable {
        case send(Send)
        /// A time, then until the recipient's clock is inside the window.
        case wait(Duration, until: Campaign.Window?)
        /// An event within a time; `otherwise` when it has not come.
        case waitFor(event: String, conditions: [Condition], within: Duration, otherwise: Target)
        /// What became of the message of an earlier step, within a time after a provider took it; `otherwise` when it has not come about.
        case look(step: String, sign: Sign, within: Duration, otherwise: Target)
        case branch([Condition], otherwise: Target)
        case end(String)
    }
    public struct Step: Sendable, Equatable {
        public var name: String
        public var action: Action
        public var next: Target
        public init(name: String, action: Action, next: Target) {
            self.name = name
            self.action = action
            self.next = next
        }
        /// All steps that can follow.
        public var targets: [Target] {
            switch action {
            case .send, .wait: [next]
            case .waitFor(_, _, _, let otherwise), .look(_, _, _, let otherwise), .branch(_, let otherwise): [next, otherwise]
            case .end: [nil]
            }
        }
    }

    public var name: String
    public var entry: Entry
    public var reEntry: ReEntry
    /// Of people without a zone.
    public var timeZone: String
    public var goals: [String] = []
    public var exits: [String] = []
    /// In the order of the file; the first is where people enter.
    public var steps: [Step]
    /// By the name of a step of an earlier version: where its people go when they are moved to this one.
    public var removed: [String: Target] = [:]

    public init(name: String, entry: Entry, reEntry: ReEntry, timeZone: String, steps: [Step]) {
        self.name = name
        self.entry = entry
        self.reEntry = reEntry
        self.timeZone = timeZone
        self.steps = steps
    }

    public func step(named name: String) -> Step? { steps.first { $0.name == name } }

    /// The steps that a person can be at for a while, with the kind of waiting; a step that is another kind in a new version begins anew.
    public func kind(of step: String) -> String? {
        self.step(named: step).map {
            switch $0.action {
            case .send: "send"
            case .wait: "wait"
            case .waitFor(let event, _, _, _): "wait_for \(event)"
            case .look(let message, let sign, _, _): "if_message \(message) \(sign.rawValue)"
            case .branch: "if"
            case .end: "end"
            }
        }
    }

    /// The events that its steps wait for.
    public var awaited: Set<String> {
        Set(
            steps.compactMap {
                if case .waitFor(let event, _, _, _) = $0.action { event } else { nil }
            })
    }
}

extension Journey.Condition {
    /// Conditions that must all hold as PostgreSQL's jsonpath; nil: none.
    public static func path(_ conditions: [Self]) -> String? {
        conditions.isEmpty ? nil : "strict " + conditions.map(\.path).joined(separator: " && ")
    }

    private var path: String {
        let place = "$." + field.map(Self.quoted).joined(separator: ".")
        return switch test {
        case .oneOf(let values): "(" + values.map { "\(place) == \(Self.literal($0))" }.joined(separator: " || ") + ")"
        case .not(let value): "(\(place) != \(Self.literal(value)))"
        case .atLeast(let bound): "(\(place) >= \(bound))"
        case .atMost(let bound): "(\(place) <= \(bound))"
        }
    }

    private static func literal(_ value: Journey.Scalar) -> String {
        switch value {
        case .text(let text): quoted(text)
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        }
    }

    /// A string of jsonpath, which is one of JavaScript: letters that could end it, and control characters, as escapes.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 32:
                let hex = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
