import Store
import Text

/// Compares the schema of the database with what this binary knows.
public struct ShowSchema: UseCase {
    public static let role = Role.anybody
    public init() {}

    public func perform(in context: OperationContext) async throws -> MigrationStatus {
        try await Migrator(context.database).status()
    }
}

/// Applies what is pending: each migration in a transaction of its own, then functions and views that changed. A dry run does it in one
/// transaction and takes it back. A database that was migrated with other texts is left alone.
public struct MigrateSchema: UseCase {
    public static let role = Role.migrator
    /// Migrations may build indexes: longer than any other call.
    public static let deadline: Duration? = .seconds(600)

    public struct Output: Sendable, JSONConvertible {
        public var isDryRun: Bool
        public var applied: MigrationResult

        public var json: JSONValue {
            [
                "dry_run": .bool(isDryRun), "applied": .list(applied.migrations) { .string($0) },
                "objects": .list(applied.objects) { .string($0) },
            ]
        }
    }

    public var dryRun: Bool
    public init(dryRun: Bool) { self.dryRun = dryRun }

    public func perform(in context: OperationContext) async throws -> Output {
        let migrator = Migrator(context.database)
        let status = try await migrator.status()
        let isForeign = status.entries.contains { $0.state == .changed || $0.state == .unknown }
        if isForeign, let misfit = status.misfit { throw OperationError(.schemaMismatch, misfit) }
        return Output(isDryRun: dryRun, applied: try await migrator.up(dryRun: dryRun))
    }
}

extension MigrationStatus: JSONConvertible {
    public var json: JSONValue {
        [
            "fits": .bool(misfit == nil), "misfit": .text(misfit),
            "migrations": .list(entries) { entry in
                [
                    "version": .int(entry.version), "name": .string(entry.name), "state": .string(entry.state.rawValue),
                    "applied_at": .text(entry.appliedAt),
                ]
            },
            "pending_objects": .list(pendingObjects) { .string($0) }, "newer_objects": .list(newerObjects) { .string($0) },
        ]
    }
}
