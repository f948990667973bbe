import Domain
import Settings
import Text

/// What applying a policy would change in the stored one.
public struct PolicyChange: Sendable, Equatable, JSONConvertible {
    public var filesAdded: [String] = []
    public var filesChanged: [String] = []
    public var filesRemoved: [String] = []
    public var classesAdded: [String] = []
    public var classesRetired: [String] = []
    public var sendersRetired: [String] = []
    public var classesMoved: [Move] = []

    public struct Move: Sendable, Equatable {
        public var name: String
        public var from: Int
        public var to: Int
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

    public var isEmpty: Bool { filesAdded.isEmpty && filesChanged.isEmpty && filesRemoved.isEmpty }
    /// Classes of which waiting messages are counted.
    public var classesTouched: [String] { classesRetired + classesMoved.map(\.name) }

    public var retires: Bool { !classesRetired.isEmpty || !sendersRetired.isEmpty }

    /// Whether nothing is retired that `confirmed` does not retire too.
    func retiresNoMore(than confirmed: PolicyChange) -> Bool {
        Set(classesRetired).isSubset(of: confirmed.classesRetired) && Set(sendersRetired).isSubset(of: confirmed.sendersRetired)
    }

    public var json: JSONValue {
        [
            "files_added": .list(filesAdded) { .string($0) }, "files_changed": .list(filesChanged) { .string($0) },
            "files_removed": .list(filesRemoved) { .string($0) }, "classes_added": .list(classesAdded) { .string($0) },
            "classes_retired": .list(classesRetired) { .string($0) },
            "classes_moved": .list(classesMoved) { ["class": .string($0.name), "from": .int($0.from), "to": .int($0.to)] },
            "senders_retired": .list(sendersRetired) { .string($0) },
        ]
    }
}
