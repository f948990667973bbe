import Domain
import Logging
import Settings
import Store
import Synchronization
import Telemetry
import Text

/// Takes the steps of journeys that are due, some people at a time: what is decided, the messages and the people's new places are one transaction. A duty of any worker:
/// the people's rows are locked, so that two workers take two different batches, and a worker that dies has taken no step.
public struct JourneyRunner: Sendable {
    /// So many people at most are one transaction.
    static let limit: Int32 = 500
    private let database: Database
    private let meters: Meters
    private let logger: Logger
    private let memory = Memory()

    public init(database: Database, meters: Meters, logger: Logger) {
        self.database = database
        self.meters = meters
        self.logger = logger
    }

    /// Takes one batch. True: there may be more.
    public func round() async throws -> Bool {
        guard let batch = try await take() else { return false }
        meters.count("martlet_journey_steps_total", by: batch.steps)
        if batch.failed > 0 {
            meters.count("martlet_journey_failures_total", by: batch.failed)
            logger.warning(
                "steps of a journey cannot be taken; martlet journeys people NAME --state failing says for whom",
                metadata: ["journey": "\(batch.journey)", "people": "\(batch.failed)", "error": "\(batch.problem ?? "")"])
        }
        return true
    }

    struct Batch: Sendable {
        var journey: String
        var steps: Int
        var failed: Int
        var problem: String?
    }

    private func take() async throws -> Batch? {
        try await database.withConnection { connection in
            do {
                let people = try await connection.begin(TakeJourneyPeople(limit: Self.limit)).map(Traveller.init)
                guard let first = people.first else {
                    await connection.rollbackAfterError()
                    return nil
                }
                let journeys = try await definitions(Set(people.map(\.version)), of: first.journey, on: connection)
                let clocks = try await clocks(people, journeys, on: connection)
                var turns: [String] = []
                var steps = 0
                for person in people {
                    guard let journey = journeys[person.version] else { continue }
                    let zone = person.zone ?? journey.timeZone
                    let turn = journey.turn(
                        person.place, now: person.now, clock: clocks[zone] ?? clocks[journey.timeZone] ?? .utc)
                    steps += turn.steps
                    turns.append(person.line(turn, fallbackZone: journey.timeZone))
                }
                let outcome = try await connection.commit(
                    ApplyJourneyTurns(journey: first.journey, turns: turns), within: .seconds(60))
                return Batch(
                    journey: journeys.values.first?.name ?? "", steps: steps, failed: outcome.failed,
                    problem: outcome.problem)
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    /// Parsed once: what was applied never changes.
    private func definitions(
        _ versions: Set<Int32>, of journey: Int32, on connection: StoreConnection
    ) async throws -> [Int32: Journey] {
        var found: [Int32: Journey] = [:]
        for version in versions {
            let key = Memory.Key(journey: journey, version: version)
            if let known = memory.journeys.withLock({ $0[key] }) {
                found[version] = known
            } else if let stored = try await connection.run(LoadJourneyVersion(journey: journey, version: version)) {
                let parsed = try JourneyFiles.parse(stored.definition, name: stored.name, known: nil)
                memory.journeys.withLock { $0[key] = parsed }
                found[version] = parsed
            }
        }
        return found
    }

    /// The clocks of zones that a step may need, looked up once a day.
    private func clocks(
        _ people: [Traveller], _ journeys: [Int32: Journey], on connection: StoreConnection
    ) async throws -> [String: ZoneClock] {
        guard let now = people.first?.now, journeys.values.contains(where: \.looksAtClocks) else { return [:] }
        let zones = Set(people.compactMap(\.zone)).union(journeys.values.map(\.timeZone))
        let known = memory.clocks.withLock { known in
            known.goodUntil > now ? known.clocks : [:]
        }
        let missing = zones.subtracting(known.keys)
        guard !missing.isEmpty else { return known }
        let offsets = try await connection.run(
            ZoneOffsets(
                zones: try await connection.run(KnownZones(zones: missing.sorted())), from: now - .seconds(86_400),
                length: Memory.horizon))
        var clocks = Dictionary(grouping: offsets, by: \.zone).mapValues {
            ZoneClock($0.map { .init(at: $0.at, offset: $0.seconds) })
        }
        // A zone that does not exist counts for nothing: the journey's own is used.
        clocks.merge(known) { $1 }
        memory.clocks.withLock { held in
            if held.goodUntil <= now { held.goodUntil = now + .seconds(86_400) }
            held.clocks = clocks
        }
        return clocks
    }

    private final class Memory: Sendable {
        /// The longest wait, and some days for its window to open.
        static let horizon = Duration.seconds(380 * 86_400)
        struct Key: Hashable {
            var journey: Int32
            var version: Int32
        }
        struct Clocks {
            var goodUntil = Timestamp(microseconds: 0)
            var clocks: [String: ZoneClock] = [:]
        }
        let journeys = Mutex<[Key: Journey]>([:])
        let clocks = Mutex(Clocks())
    }
}

extension Journey {
    fileprivate var looksAtClocks: Bool {
        steps.contains {
            if case .wait(_, let window) = $0.action { window != nil } else { false }
        }
    }
}

/// A person whose step is due, as it was read.
private struct Traveller: Sendable {
    let row: TakeJourneyPeople.Person
    let data: [JSONValue.Member]
    let arrived: [[JSONValue.Member]]
    var journey: Int32 { row.journey }
    var version: Int32 { row.version }
    var now: Timestamp { row.now }
    var zone: String? { text("time_zone") }

    init(_ row: TakeJourneyPeople.Person) throws {
        self.row = row
        data = try Self.members(row.data)
        arrived = try row.arrived.map(Self.members)
    }

    private static func members(_ text: String) throws -> [JSONValue.Member] {
        guard text != "{}", case .object(let members) = try JSONValue.read(Array(text.utf8)) else { return [] }
        return members
    }
    /// What is the person's, and no variable of a message.
    private static let own: Set<String> = ["sms", "email", "addresses", "locale", "time_zone", "tier"]

    var place: JourneyPlace {
        var place = JourneyPlace(step: row.step, isWaiting: row.isWaiting, until: row.until, data: data)
        place.arrived = arrived
        place.seen = row.seen.flatMap(JourneyPlace.Seen.init(rawValue:))
        place.acceptedAt = row.acceptedAt
        return place
    }

    private func text(_ name: String) -> String? {
        guard case .string(let text)? = data.last(where: { $0.name == name })?.value, !text.isEmpty else { return nil }
        return text
    }

    /// Of the data by the channel's name.
    private func address(_ channel: Channel) -> String? {
        if let text = text(channel.rawValue) { return text }
        if case .object(let members)? = data.last(where: { $0.name == "addresses" })?.value,
            case .string(let text)? = members.last(where: { $0.name == channel.rawValue })?.value
        {
            return text
        }
        return nil
    }

    /// As `apply_journey_turns` reads it.
    func line(_ turn: JourneyTurn, fallbackZone: String) -> String {
        var members: [JSONValue.Member] = [
            .init(name: "person", value: .string(row.person)), .init(name: "entry", value: .int(row.entry)),
            .init(name: "step", value: .string(turn.step)),
            .init(name: "sends", value: .list(turn.sends) { sending($0, data: turn.data ?? data, fallbackZone: fallbackZone) }),
        ]
        func add(_ name: String, _ value: String?) {
            if let value { members.append(.init(name: name, value: .string(value))) }
        }
        add("due_at", turn.dueAt?.iso8601)
        add("until_at", turn.until?.iso8601)
        add("awaits", turn.awaits)
        add("looks_at", turn.looksAt)
        add("ends", turn.ends)
        if let data = turn.data { members.append(.init(name: "data", value: .object(data))) }
        return JSONValue.object(members).line
    }

    private func sending(_ sending: JourneyTurn.Sending, data: [JSONValue.Member], fallbackZone: String) -> JSONValue {
        let send = sending.send
        let common = send.variables.sorted { $0.key < $1.key }.map { JSONValue.Member(name: $0.key, value: .string($0.value)) }
        return [
            "step": .string(sending.step), "class": .string(send.messageClass), "channel": .string(send.channel.rawValue),
            "address": .text(address(send.channel)), "template": .string(send.template),
            "variables": .object(common.merging(data.filter { !Self.own.contains($0.name) })), "locale": .text(text("locale")),
            "time_zone": .text(zone), "fallback_zone": .string(fallbackZone), "tier": .text(text("tier")),
            "sender": .text(send.sender), "pool": .text(send.pool),
            "code_as": .string(send.codeVariable),
        ]
    }
}
