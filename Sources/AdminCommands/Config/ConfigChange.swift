import Domain
import Foundation
import Settings
import Store

/// What `config apply` would change in the stored policy.
struct ConfigChange {
    var filesAdded: [String] = []
    var filesChanged: [String] = []
    var filesRemoved: [String] = []
    var classesAdded: [String] = []
    var classesRetired: [String] = []
    var sendersRetired: [String] = []
    var classesMoved: [Move] = []

    struct Move: Equatable {
        var name: String
        var from: Int
        var to: Int
    }

    init(from stored: [String: String], to files: [String: String], policy: Policy) {
        filesAdded = files.keys.filter { stored[$0] == nil }.sorted()
        filesChanged = files.keys.filter { name in stored[name].map { $0 != files[name] } ?? false }.sorted()
        filesRemoved = stored.keys.filter { files[$0] == nil }.sorted()
        // A stored policy of an older format may not parse any more; then only files are compared.
        let old: Policy?
        do { old = stored.isEmpty ? nil : try PolicyFiles.parse(stored) } catch { old = nil }
        let oldClasses = Set(old?.classes.keys ?? [:].keys)
        classesAdded = policy.classes.keys.filter { !oldClasses.contains($0) }.sorted()
        classesRetired = oldClasses.filter { policy.classes[$0] == nil }.sorted()
        classesMoved = policy.classes.values.compactMap { new in
            old?.classes[new.name].flatMap { $0.lane == new.lane ? nil : Move(name: new.name, from: $0.lane, to: new.lane) }
        }.sorted { $0.name < $1.name }
        sendersRetired = (old?.senders.keys.filter { policy.senders[$0] == nil } ?? []).sorted()
    }

    var isEmpty: Bool { filesAdded.isEmpty && filesChanged.isEmpty && filesRemoved.isEmpty }
    /// Classes of which waiting messages are counted.
    var classesTouched: [String] { classesRetired + classesMoved.map(\.name) }

    /// What waits of the classes that are retired or moved, and what becomes of it.
    func waitingLines(_ counts: [String: Int]) -> [String] {
        func messages(_ name: String) -> String { counts[name] == 1 ? "1 message waits" : "\(counts[name] ?? 0) messages wait" }
        return classesRetired.map {
            "class \($0): \(messages($0))"
                + ((counts[$0] ?? 0) > 0 ? "; sent as the policy until now says, until none waits" : "")
        } + classesMoved.map { "class \($0.name): \(messages($0.name)) in lane \($0.from) or elsewhere; sent from there" }
    }

    var retires: Bool { !classesRetired.isEmpty || !sendersRetired.isEmpty }

    var lines: [String] {
        [
            ("new file", filesAdded), ("changed", filesChanged), ("removed", filesRemoved), ("new class", classesAdded),
            ("retires class", classesRetired), ("retires sender", sendersRetired),
            ("moves class", classesMoved.map { "\($0.name) from lane \($0.from) to lane \($0.to)" }),
        ].flatMap { label, names in names.map { "\(label): \($0)" } }
    }

    var json: JSONValue {
        [
            "files_added": .list(filesAdded) { .string($0) }, "files_changed": .list(filesChanged) { .string($0) },
            "files_removed": .list(filesRemoved) { .string($0) }, "classes_added": .list(classesAdded) { .string($0) },
            "classes_retired": .list(classesRetired) { .string($0) },
            "classes_moved": .list(classesMoved) { ["class": .string($0.name), "from": .int($0.from), "to": .int($0.to)] },
            "senders_retired": .list(sendersRetired) { .string($0) },
        ]
    }
}

extension LoadPolicy.Stored {
    /// File name → text.
    /// - Throws: `AdminError` (70) when the column holds something else.
    func texts() throws -> [String: String] {
        guard let texts = try JSONSerialization.jsonObject(with: Data(files.utf8)) as? [String: String] else {
            throw AdminError(.internalFault, "policy \(version) in the database is not an object of texts")
        }
        return texts
    }

    /// - Throws: `AdminError` (65) when this binary cannot read it.
    func policy() throws -> Policy {
        do throws(ConfigErrors) {
            return try PolicyFiles.parse(try texts(orEmpty: ()))
        } catch {
            throw AdminError(
                .invalidConfiguration, "policy version \(version) of the database: \(error)",
                hint: "Correct the files and run `martlet config apply`.")
        }
    }

    private func texts(orEmpty: Void) throws(ConfigErrors) -> [String: String] {
        do { return try texts() } catch {
            throw ConfigErrors([ConfigProblem(file: "policy \(version)", problem: "\(error)")])
        }
    }
}

/// The policy that workers use now.
/// - Throws: `AdminError` (1) when none was ever applied.
func currentPolicy(_ database: Database) async throws -> (stored: LoadPolicy.Stored, policy: Policy) {
    guard let stored = try await database.run(LoadPolicy()) else {
        throw AdminError(.notFound, "No policy has been applied yet.", hint: "Run `martlet config apply --config Config`.")
    }
    return (stored, try stored.policy())
}
