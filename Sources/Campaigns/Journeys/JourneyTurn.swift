import Domain
import Text

/// A person at a step, with what the step may look at.
public struct JourneyPlace: Sendable, Equatable {
    /// What became of the message that a step looks at.
    public enum Seen: String, Sendable {
        case open, accepted, delivered, opened, clicked
        /// It will not arrive, or there is none.
        case ended
    }
    public var step: String
    /// Inside the step. False: it begins.
    public var isWaiting: Bool
    /// When a wait for an event ends without it.
    public var until: Timestamp?
    /// Of the event that let the person in, and of those that steps waited for.
    public var data: [JSONValue.Member]
    /// Data of events that came while the step waited for them, in order.
    public var arrived: [[JSONValue.Member]] = []
    public var seen: Seen?
    /// When a provider took the message.
    public var acceptedAt: Timestamp?

    public init(step: String, isWaiting: Bool = false, until: Timestamp? = nil, data: [JSONValue.Member] = []) {
        self.step = step
        self.isWaiting = isWaiting
        self.until = until
        self.data = data
    }
}

/// What a person does next: messages on the way, and where they wait then, or that they are at the end. Pure: nothing here knows a database or a clock.
public struct JourneyTurn: Sendable, Equatable {
    public struct Sending: Sendable, Equatable {
        public var step: String
        public var send: Journey.Send
    }
    public var sends: [Sending] = []
    /// Where the person waits now, or ended.
    public var step: String
    public var dueAt: Timestamp?
    public var until: Timestamp?
    public var awaits: String?
    public var looksAt: String?
    /// nil: as before.
    public var data: [JSONValue.Member]?
    /// Why it is over; nil: it goes on.
    public var ends: String?
    /// How many steps were taken.
    public var steps = 0
}

extension Journey {
    /// How long until a message that is not decided yet is looked at again.
    static let nextLook = Duration.seconds(60)

    /// Takes the steps of one person from `place` to where they have to wait.
    public func turn(_ place: JourneyPlace, now: Timestamp, clock: ZoneClock) -> JourneyTurn {
        var turn = JourneyTurn(step: place.step)
        var at = place
        // Steps go forward only, so that this ends.
        for _ in 0...steps.count {
            guard let step = step(named: at.step) else { return turn.ended("step \(at.step) is not in this version") }
            turn.step = step.name
            guard let target = advance(step, from: at, now: now, clock: clock, &turn) else { return turn }
            turn.steps += 1
            if case .end(let reason) = step.action { return turn.ended(reason) }
            guard let next = target.step else { return turn.ended("end") }
            at = JourneyPlace(step: next, data: turn.data ?? place.data)
        }
        return turn.ended("end")
    }

    private struct Onward {
        var step: Journey.Target
    }

    /// nil: the person waits here.
    private func advance(
        _ step: Step, from place: JourneyPlace, now: Timestamp, clock: ZoneClock, _ turn: inout JourneyTurn
    ) -> Onward? {
        switch step.action {
        case .end: return Onward(step: nil)
        case .send(let send):
            turn.sends.append(.init(step: step.name, send: send))
            return Onward(step: step.next)
        case .branch(let conditions, let otherwise):
            return Onward(step: conditions.allSatisfy { $0.holds(for: place.data) } ? step.next : otherwise)
        case .wait(let time, let window):
            if place.isWaiting { return Onward(step: step.next) }
            let over = now + time
            turn.wait(until: window.map { $0.opening(from: over, clock) } ?? over)
            return nil
        case .waitFor(let event, let conditions, let within, let otherwise):
            let until = place.isWaiting ? place.until ?? now : now + within
            if place.isWaiting {
                if let data = place.arrived.first(where: { data in conditions.allSatisfy { $0.holds(for: data) } }) {
                    turn.data = place.data.merging(data)
                    return Onward(step: step.next)
                }
                if now >= until { return Onward(step: otherwise) }
            }
            turn.wait(until: until, for: event)
            return nil
        case .look(let message, let sign, let within, let otherwise):
            guard place.isWaiting, let seen = place.seen else {
                // A message of this very transaction is seen the next time; a step that was never taken has none.
                if place.isWaiting { return Onward(step: otherwise) }
                turn.wait(until: now + within, lookingAt: message)
                return nil
            }
            if sign.isGiven(by: seen) { return Onward(step: step.next) }
            if seen == .ended { return Onward(step: otherwise) }
            // The time counts from when a provider took it: quiet hours do not eat it up.
            guard let acceptedAt = place.acceptedAt else {
                turn.wait(until: now + Self.nextLook, lookingAt: message)
                return nil
            }
            if now - acceptedAt >= within { return Onward(step: otherwise) }
            turn.wait(until: acceptedAt + within, lookingAt: message)
            return nil
        }
    }
}

extension JourneyTurn {
    fileprivate mutating func wait(until due: Timestamp, for event: String? = nil, lookingAt message: String? = nil) {
        (dueAt, awaits, looksAt) = (due, event, message)
        until = event == nil ? nil : due
    }
    fileprivate func ended(_ reason: String) -> Self {
        var turn = self
        (turn.ends, turn.dueAt) = (reason, nil)
        return turn
    }
}

extension Journey.Sign {
    fileprivate func isGiven(by seen: JourneyPlace.Seen) -> Bool {
        switch self {
        case .delivered: [.delivered, .opened, .clicked].contains(seen)
        case .opened: [.opened, .clicked].contains(seen)
        case .clicked: seen == .clicked
        }
    }
}

extension [JSONValue.Member] {
    /// These with others, which come first where both have a name.
    func merging(_ others: Self) -> Self {
        let names = Set(others.map(\.name))
        return filter { !names.contains($0.name) } + others
    }
}

extension Journey.Condition {
    /// The same as PostgreSQL answers for `path`; a test holds both equal.
    func holds(for data: [JSONValue.Member]) -> Bool {
        var value = JSONValue.object(data)
        for name in field {
            guard case .object(let members) = value, let found = members.last(where: { $0.name == name }) else { return false }
            value = found.value
        }
        return switch test {
        case .oneOf(let scalars): scalars.contains { $0.equals(value) == true }
        case .not(let scalar): scalar.equals(value) == false
        case .atLeast(let bound): value.double.map { $0 >= bound } ?? false
        case .atMost(let bound): value.double.map { $0 <= bound } ?? false
        }
    }
}

extension Journey.Scalar {
    /// nil: they cannot be compared.
    fileprivate func equals(_ value: JSONValue) -> Bool? {
        switch (self, value) {
        case (.text(let text), .string(let other)): text == other
        case (.number(let number), .number(let digits)): Double(digits) == number
        case (.flag(let flag), .bool(let other)): flag == other
        case (_, .null): false
        default: nil
        }
    }
}

extension JSONValue {
    fileprivate var double: Double? {
        if case .number(let digits) = self { Double(digits) } else { nil }
    }
}
