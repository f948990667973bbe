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
        sendersRetired = (old?.senders.keys.filter { policy.senders[$0] == nil } ?? []).sorted()
    }

    var isEmpty: Bool { filesAdded.isEmpty && filesChanged.isEmpty && filesRemoved.isEmpty }
    var retires: Bool { !classesRetired.isEmpty || !sendersRetired.isEmpty }

    var lines: [String] {
        [
            ("new file", filesAdded), ("changed", filesChanged), ("removed", filesRemoved), ("new class", classesAdded),
            ("retires class", classesRetired), ("retires sender", sendersRetired),
        ].flatMap { label, names in names.map { "\(label): \($0)" } }
    }

    var json: JSONValue {
        [
            "files_added": .list(filesAdded) { .string($0) }, "files_changed": .list(filesChanged) { .string($0) },
            "files_removed": .list(filesRemoved) { .string($0) }, "classes_added": .list(classesAdded) { .string($0) },
            "classes_retired": .list(classesRetired) { .string($0) },
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
