import Domain
import Text

/// What one callback says about a hand-over.
package enum CallbackState: String, Sendable, CaseIterable {
    case delivered, undelivered, expired, rejected, deleted
    /// On its way; also: tried and not given up.
    case enroute, accepted, unknown
    /// Not delivered, and the address is dead: it goes to the suppressions.
    case bounced
    /// The recipient called it spam.
    case complaint
    /// The recipient wants no more mailings.
    case unsubscribed
    /// Not delivered, because the recipient wants no more mailings.
    case optedOut = "opted_out"
    /// Nothing that Martlet keeps, such as an opened mail.
    case ignore

    package var receipt: (state: CarrierReceipt.State, consequence: CarrierReceipt.Consequence?)? {
        switch self {
        case .delivered: (.delivered, nil)
        case .undelivered: (.undeliverable, nil)
        case .expired: (.expired, nil)
        case .rejected: (.rejected, nil)
        case .deleted: (.deleted, nil)
        case .enroute: (.enroute, nil)
        case .accepted: (.accepted, nil)
        case .unknown: (.unknown, nil)
        case .bounced: (.undeliverable, .bounced)
        case .complaint: (.unknown, .complained)
        case .unsubscribed: (.unknown, .unsubscribed)
        case .optedOut: (.undeliverable, .unsubscribed)
        case .ignore: nil
        }
    }
}

/// One line of `receipt_states`: `DELIVRD=delivered`, `bounce/blocked=undelivered` (status and error), with `*` and `?`.
package struct CallbackStateRule: Sendable {
    private let status: Glob
    private let error: Glob?
    package let state: CallbackState

    package struct Problem: Error {
        package var line: String
        package var remedy: String
    }

    package static func parse(_ text: String) throws(Problem) -> [CallbackStateRule] {
        var rules: [CallbackStateRule] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == ";" }).map(\.trimmingBlanks) where !line.isEmpty {
            guard let equals = line.lastIndex(of: "="), equals > line.startIndex else {
                throw Problem(line: line, remedy: "write STATUS=state, or STATUS/ERROR=state")
            }
            guard let state = CallbackState(rawValue: line[line.index(after: equals)...].trimmingBlanks) else {
                throw Problem(line: line, remedy: "states are \(CallbackState.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            let keys = line[..<equals].split(separator: "/", maxSplits: 1).map(\.trimmingBlanks)
            rules.append(.init(status: Glob(keys[0]), error: keys.count > 1 ? Glob(keys[1]) : nil, state: state))
        }
        return rules
    }

    package func matches(_ status: String, _ error: String?) -> Bool {
        self.status.matches(status) && (self.error.map { $0.matches(error ?? "") } ?? true)
    }
}

/// Where things stand in the callbacks of a provider that is described by configuration, and what they mean.
struct CallbackRules: Sendable {
    enum Format: String, Sendable, CaseIterable { case json, form }

    var format: Format
    /// Where the list of events is; empty: the body is one, or a list of them.
    var receiptEvents: [String] = []
    var id: CallbackSelector?
    /// `MESSAGE.ATTEMPT`, or the message alone where `attempt` says the rest.
    var reference: CallbackSelector?
    var attempt: CallbackSelector?
    var status: CallbackSelector?
    var error: CallbackSelector?
    var recipient: CallbackSelector?
    var states: [CallbackStateRule] = []
    var texts = CallbackTexts()

    /// - Throws: `Unreadable`.
    func read(_ request: CallbackRequest, provider: String) throws(Unreadable) -> [ProviderEvent] {
        let body = try body(request)
        var events: [ProviderEvent] = []
        if let status {
            for event in Self.events(receiptEvents, in: body) {
                guard let word = status.value(in: event, request) else { continue }
                if let receipt = receipt(word, event, request, provider) { events.append(.receipt(receipt)) }
            }
        }
        events += texts.read(body, request, provider: provider) { status?.value(in: $0, request) != nil }
        return events
    }

    struct Unreadable: Error { var problem: String }

    /// Forms are objects of texts; a query's names and values count as the form's.
    private func body(_ request: CallbackRequest) throws(Unreadable) -> JSONValue {
        if format == .json, request.method == "POST" {
            guard let json = JSONValue.sent(request.body) else {
                throw Unreadable(problem: "the body is no JSON object or list")
            }
            return json
        }
        return .object(
            (FormPairs.decode(request.body) + request.queryPairs).map { .init(name: $0.name, value: .string($0.value)) })
    }

    private func receipt(_ word: String, _ event: JSONValue, _ request: CallbackRequest, _ provider: String) -> CarrierReceipt? {
        let code = error?.value(in: event, request)
        let state = states.first { $0.matches(word, code) }?.state ?? .unknown
        guard let (meaning, consequence) = state.receipt else { return nil }
        var receipt = CarrierReceipt(
            provider: provider, id: id?.value(in: event, request), state: meaning,
            isFinal: meaning.isFinal, error: code ?? (state == .unknown ? word : nil),
            recipient: recipient?.value(in: event, request) ?? "")
        receipt.handOver = handOver(event, request) ?? request.handOver
        receipt.consequence = consequence
        return receipt
    }

    private func handOver(_ event: JSONValue, _ request: CallbackRequest) -> HandOver? {
        guard let text = reference?.value(in: event, request) else { return nil }
        return attempt.map { HandOver(message: text, attempt: $0.value(in: event, request) ?? "") } ?? HandOver(text)
    }

    /// The things at a place; every list on the way is gone through.
    static func events(_ path: [String], in body: JSONValue) -> [JSONValue] {
        func items(_ value: JSONValue) -> [JSONValue] { if case .array(let items) = value { items } else { [value] } }
        return path.reduce(items(body)) { values, name in
            values.flatMap { value -> [JSONValue] in
                guard case .object(let members) = value, let member = members.first(where: { $0.name == name }) else { return [] }
                return items(member.value)
            }
        }
    }
}

/// Where something stands in an event: `status.name`, `header:X-Id`, `query:id`; `A or B`: the first that is there.
struct CallbackSelector: Sendable {
    private enum Place: Sendable {
        case path(JSONPath)
        case request(CallbackPlace)
    }
    private var places: [Place] = []
    private static let longest = 500
    /// A long text may have several thousand characters.
    private static let longestText = 20_000

    init?(_ text: String) {
        for part in text.replacing(" or ", with: "\n").split(separator: "\n").map(\.trimmingBlanks) {
            if let place = CallbackPlace(part) {
                places.append(.request(place))
            } else if let path = JSONPath(part) {
                places.append(.path(path))
            } else {
                return nil
            }
        }
        if places.isEmpty { return nil }
    }

    /// nil: not there, or empty. `isText`: as somebody wrote it; all else is one line.
    func value(in event: JSONValue, _ request: CallbackRequest, isText: Bool = false) -> String? {
        for place in places {
            let found =
                switch place {
                case .path(let path): path.text(in: event)
                case .request(let place): place.value(in: request)
                }
            guard let found else { continue }
            let text =
                isText
                ? String(found.prefix(Self.longestText)) : String(found.withoutControls.trimmingBlanks.prefix(Self.longest))
            if !text.isEmpty { return text }
        }
        return nil
    }

    /// All of its places that are there.
    func values(in event: JSONValue, _ request: CallbackRequest) -> [String] {
        places.compactMap { CallbackSelector(place: $0).value(in: event, request) }
    }

    private init(place: Place) { places = [place] }
}
