import Postgres

/// Brings a database to the schema this binary knows: forward only, each migration in a transaction, one migrator at a time.
///
/// Safe while workers run: a migration that cannot get its locks within 5 s lets go, so that nobody queues behind it, and tries twice more.
public struct Migrator: Sendable {
    let database: Database
    let migrations: [Migration]

    /// - Parameter migrations: those of this binary, unless a test brings the next version's.
    public init(_ database: Database, migrations: [Migration] = Migration.all) {
        self.database = database
        self.migrations = migrations
    }

    /// What is applied, pending, changed, unknown. Changes nothing.
    public func status() async throws -> MigrationStatus {
        try await database.withConnection { connection in
            try await connection.run(HasMigrations()) ? try await self.compare(connection) : allPending
        }
    }

    /// Applies what is pending and answers the names. With `dryRun` everything is rolled back at the end.
    public func up(dryRun: Bool = false) async throws -> [String] {
        try await database.withConnection { connection in
            if dryRun { try await connection.begin(MigrationLock()) }
            try await connection.script("create_migrations", Self.bootstrap)
            var applied: [String] = []
            for migration in migrations {
                if try await self.applyPatiently(migration, on: connection, within: dryRun) { applied.append(migration.name) }
            }
            if dryRun { await connection.rollbackAfterError() }
            return applied
        }
    }

    private func applyPatiently(_ migration: Migration, on connection: StoreConnection, within open: Bool) async throws -> Bool {
        for _ in 1..<(open ? 1 : 3) {
            do { return try await apply(migration, on: connection, within: open) } catch let error as StoreError
                where error.isLockTimeout
            {
                try await Task.sleep(for: .milliseconds(Int.random(in: 500...1500)))
            }
        }
        return try await apply(migration, on: connection, within: open)
    }

    private func apply(_ migration: Migration, on connection: StoreConnection, within open: Bool) async throws -> Bool {
        do {
            if !open { try await connection.begin(MigrationLock()) }
            // Looked at under the lock: another migrator may just have done it.
            let status = try await compare(connection)
            let isForeign = status.entries.contains { $0.state == .changed || $0.state == .unknown }
            if isForeign, let misfit = status.misfit { throw StoreError.internalError(misfit) }
            guard status.pending.contains(where: { $0.version == migration.version }) else {
                if !open { try await connection.commit() }
                return false
            }
            try await connection.script(migration.name, migration.sql, within: .seconds(3600))
            let record = RecordMigration(migration: migration)
            if open {
                try await connection.run(ResetRole())
                try await connection.run(record)
            } else {
                _ = try await connection.commit(ResetRole(), record)
            }
            return true
        } catch {
            await connection.rollbackAfterError()
            throw error
        }
    }

    private func compare(_ connection: StoreConnection) async throws -> MigrationStatus {
        let found = try await connection.run(AppliedMigrations(texts: migrations.map(\.sql)))
        var entries: [MigrationStatus.Entry] = []
        for (index, migration) in migrations.enumerated() {
            let row = found.applied.first { $0.version == migration.version }
            let state: MigrationStatus.State = row.map { $0.checksum == found.checksums[index] ? .applied : .changed } ?? .pending
            entries.append(.init(version: migration.version, name: migration.name, state: state, appliedAt: row?.at))
        }
        let known = Set(migrations.map(\.version))
        for row in found.applied where !known.contains(row.version) {
            entries.append(.init(version: row.version, name: row.name, state: .unknown, appliedAt: row.at))
        }
        return MigrationStatus(entries: entries)
    }

    private var allPending: MigrationStatus {
        MigrationStatus(entries: migrations.map { .init(version: $0.version, name: $0.name, state: .pending, appliedAt: nil) })
    }

    private static let bootstrap = """
        do $$ begin
            perform pg_advisory_xact_lock(7340000, 0);
            if to_regclass('martlet_meta.migrations') is null then
                create schema martlet_meta;
                create table martlet_meta.migrations (
                    version int primary key, name text not null, checksum text not null,
                    applied_at timestamptz not null default clock_timestamp(), applied_by text not null default session_user);
                grant usage on schema martlet_meta to public;
                grant select on martlet_meta.migrations to public;
            end if;
        end $$
        """
}
