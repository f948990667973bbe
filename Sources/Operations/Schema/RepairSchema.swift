import Store
import Text

/// Says in what the schema differs from this binary's texts so that `MigrateSchema` cannot mend it.
public struct FindSchemaDifferences: UseCase {
    public static let role = Role.migrator
    public static let deadline: Duration? = MigrateSchema.deadline
    public init() {}

    public func perform(in context: OperationContext) async throws -> MigrationRepair {
        let migrator = Migrator(context.database)
        if let unknown = try await migrator.status().entries.first(where: { $0.state == .unknown }) {
            throw OperationError(
                .schemaMismatch, "This binary does not know migration \(unknown.name).", hint: "Use a newer binary.")
        }
        return try await migrator.differences()
    }
}

/// Replaces the checksums and makes the objects anew that were found; refuses when the differences are others by now. Each is a line in the audit.
public struct RepairSchema: UseCase {
    public static let role = Role.migrator
    public static let deadline: Duration? = MigrateSchema.deadline

    public var found: MigrationRepair
    public var why: String
    public init(_ found: MigrationRepair, why: String) {
        self.found = found
        self.why = why
    }

    public func perform(in context: OperationContext) async throws {
        try await Migrator(context.database).repair(found, why: why)
    }
}

extension MigrationRepair: JSONConvertible {
    public var json: JSONValue {
        [
            "migrations": .list(migrations) { text in
                ["name": .string(text.name), "applied": .string(text.applied), "own": .string(text.own)]
            },
            "objects": .list(objects) { ["name": .string($0.name), "cause": .string($0.cause.rawValue)] },
        ]
    }
}
