import Domain
import Store
import Text

/// What differs between two versions of the policy, or between one and a directory, file by file.
public struct ComparePolicies: UseCase {
    public static let role = Role.admin

    public enum Side: Sendable {
        /// nil: the one in force.
        case version(Int?)
        case directory(ConfigDirectory.Content)
    }
    public struct File: Sendable {
        public var name: String
        /// As `diff -u` writes them.
        public var lines: [String]
    }
    public struct Output: Sendable, JSONConvertible {
        public var old: String
        public var new: String
        public var files: [File]
        public var json: JSONValue {
            [
                "old": .string(old), "new": .string(new),
                "files": .list(files) { ["file": .string($0.name), "lines": .list($0.lines) { .string($0) }] },
            ]
        }
    }

    public var old: Side
    public var new: Side
    public init(old: Side, new: Side) {
        self.old = old
        self.new = new
    }

    public func perform(in context: OperationContext) async throws -> Output {
        let (before, after) = (try await texts(old, context), try await texts(new, context))
        let names = Set(before.files.keys).union(after.files.keys).sorted()
        let files = names.map { File(name: $0, lines: LineDifference.unified(before.files[$0] ?? "", after.files[$0] ?? "")) }
        return Output(old: before.name, new: after.name, files: files.filter { !$0.lines.isEmpty })
    }

    private func texts(_ side: Side, _ context: OperationContext) async throws -> (name: String, files: [String: String]) {
        switch side {
        case .directory(let content): return ("the directory", content.files)
        case .version(let version):
            let stored = try await context.storedPolicy(version)
            return ("version \(stored.version)", try stored.texts())
        }
    }
}

/// The content of an earlier version of the policy, to be applied as the newest one (`ApplyPolicy`). Templates stay as they are.
public struct LoadEarlierPolicy: UseCase {
    public static let role = Role.admin
    public var version: Int
    public init(version: Int) { self.version = version }

    public func perform(in context: OperationContext) async throws -> ConfigDirectory.Content {
        let stored = try await context.storedPolicy(version)
        return ConfigDirectory.Content(files: try stored.texts(), policy: try stored.policy(), templates: [], warnings: [])
    }
}

extension OperationContext {
    /// - Throws: `notFound` when there is no such version.
    fileprivate func storedPolicy(_ version: Int?) async throws -> LoadPolicy.Stored {
        guard let stored = try await run(LoadPolicy(version: version)) else {
            throw OperationError(
                .notFound, version.map { "There is no version \($0) of the policy." } ?? "No policy has been applied yet.",
                hint: "`martlet config show --history` lists the versions.")
        }
        return stored
    }
}
