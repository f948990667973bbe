import Domain
import Rendering
import Settings
import Store
import Text

/// Where the files of journeys lie, with the policy and the templates that they refer to.
public struct JourneyDirectory: Sendable {
    /// One journey with the text of its file.
    public struct File: Sendable {
        public var journey: Journey
        public var text: String
    }
    let root: String
    public init(root: String) { self.root = root }

    /// The journeys that are there, checked against the policy and the templates beside them.
    public func load() throws(ConfigErrors) -> [File] {
        let content = try ConfigDirectory(root).load()
        let known = JourneyFiles.Known(policy: content.policy, templates: content.templates.map(\.template))
        do throws(ConfigErrors) {
            return try JourneyFiles.read(directory: root + "/journeys", known: known).map { File(journey: $0, text: $1) }
        } catch {
            throw ConfigErrors(
                error.problems.map { problem in
                    var problem = problem
                    problem.file = root + "/journeys/" + problem.file
                    return problem
                })
        }
    }
}

/// Stores each journey whose file has changed as its newest version, and moves the people who are in it where that is asked for. The output says how many people are at
/// each step of earlier versions, and what becomes of them; a dry run says the same and takes it back. PostgreSQL writes the audit.
public struct ApplyJourneys: UseCase {
    public static let role = Role.admin
    public static let deadline: Duration? = .seconds(600)

    /// The people at one step of an earlier version.
    public struct Place: Sendable, JSONConvertible {
        public var version: Int32
        public var step: String
        public var people: Int64
        /// What becomes of them when they are moved to the newest version.
        public var change: String
        public var json: JSONValue {
            ["version": .int(version), "step": .string(step), "people": .int(people), "change": .string(change)]
        }
    }
    public struct Changed: Sendable, JSONConvertible {
        public var journey: String
        public var version: Int32
        public var isNew: Bool
        public var moved: Int64
        public var places: [Place]
        public var json: JSONValue {
            [
                "journey": .string(journey), "version": .int(version), "is_new": .bool(isNew), "moved": .int(moved),
                "people": .list(places, \.json),
            ]
        }
    }
    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        public var changed: [Changed]
        public var json: JSONValue { ["dry_run": .bool(isDryRun), "changed": .list(changed, \.json)] }
    }

    public var files: [JourneyDirectory.File]
    /// People in earlier versions are moved to the newest.
    public var migrates: Bool
    public var dryRun: Bool
    public init(files: [JourneyDirectory.File], migrates: Bool, dryRun: Bool) {
        self.files = files
        self.migrates = migrates
        self.dryRun = dryRun
    }

    public func perform(in context: OperationContext) async throws -> Output {
        try await context.database.withConnection { connection in
            try await connection.begin()
            do {
                var changed: [Changed] = []
                for file in files {
                    let one = try await apply(file, on: connection)
                    if one.isNew || one.moved > 0 { changed.append(one) }
                }
                if dryRun { await connection.rollbackAfterError() } else { try await connection.commit() }
                return Output(isDryRun: dryRun, changed: changed)
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    private func apply(_ file: JourneyDirectory.File, on connection: StoreConnection) async throws -> Changed {
        let journey = file.journey
        let counts = try await connection.run(JourneySteps(journey: journey.name), within: Self.deadline)
        var changedSteps: Set<String> = []
        let places = try counts.map { count in
            let old = try JourneyFiles.parse(count.definition, name: journey.name, known: nil)
            let change: String
            if journey.step(named: count.step) == nil {
                change =
                    switch journey.removed[count.step] {
                    case .some(.some(let step)): "removed: they go to \(step)"
                    case .some(.none): "removed: they leave"
                    case .none: "removed, and the file does not say where they go"
                    }
            } else if old.kind(of: count.step) != journey.kind(of: count.step) {
                changedSteps.insert(count.step)
                change = "another kind of step: they begin it anew"
            } else if old.step(named: count.step) == journey.step(named: count.step) {
                change = "the same"
            } else {
                change = "changed: they stay, and the time that they wait for stays"
            }
            return Place(version: count.version, step: count.step, people: count.people, change: change)
        }
        let answer = try await connection.run(
            ApplyJourney(journey, definition: file.text, moves: migrates ? journey.removed : nil, changed: changedSteps.sorted()),
            within: Self.deadline)
        return Changed(
            journey: journey.name, version: answer.version, isNew: answer.isNew, moved: answer.moved,
            places: places.filter { $0.version != answer.version })
    }
}
