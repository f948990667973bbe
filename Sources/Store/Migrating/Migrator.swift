import Postgres

/// What `Migrator.up` did, or would do.
public struct MigrationResult: Sendable, Equatable {
    /// File names of the migrations applied.
    public var migrations: [String] = []
    /// `schema.name` of the functions and views made anew.
    public var objects: [String] = []

    public init(migrations: [String] = [], objects: [String] = []) {
        self.migrations = migrations
        self.objects = objects
    }

    public var isEmpty: Bool { migrations.isEmpty && objects.isEmpty }
}

/// Brings a database to the schema this binary knows, one migrator at a time: forward only, each migration in a transaction; then all
/// functions and views whose text changed, in one transaction.
///
/// Safe while workers run: a step that cannot get its locks within 5 s is rolled back, so that no query waits behind it, and tried twice more.
public struct Migrator: Sendable {
    let database: Database
    let migrations: [Migration]
    let objects: [SQLObject]

    /// - Parameters:
    ///   - migrations: those of this binary, unless a test brings the next version's.
    ///   - objects: likewise.
    public init(_ database: Database, migrations: [Migration] = Migration.all, objects: [SQLObject] = SQLObject.all) {
        self.database = database
        self.migrations = migrations
        self.objects = objects
    }

    /// What is applied, pending, changed, newer, unknown. Changes nothing.
    public func status() async throws -> MigrationStatus {
        try await database.withConnection { try await status(on: $0) }
    }

    /// Applies what is pending. With `dryRun` everything is rolled back at the end.
    public func up(dryRun: Bool = false) async throws -> MigrationResult {
        try await database.withConnection { connection in
            if dryRun { try await connection.begin(MigrationLock()) }
            try await connection.script("become_owner", Self.ownership)
            try await connection.script("create_migrations", Self.bootstrap)
            var result = MigrationResult()
            for migration in migrations
            where try await patiently(once: dryRun, { try await apply(migration, on: connection, within: dryRun) }) {
                result.migrations.append(migration.name)
            }
            result.objects = try await patiently(once: dryRun) { try await applyObjects(on: connection, within: dryRun) }
            if dryRun { await connection.rollbackAfterError() }
            return result
        }
    }

    /// Tries up to three times where a lock could not be had in time.
    private func patiently<Value: Sendable>(once: Bool, _ step: () async throws -> Value) async throws -> Value {
        for _ in 1..<(once ? 1 : 3) {
            do { return try await step() } catch let error as StoreError where error.isLockTimeout {
                try await Task.sleep(for: .milliseconds(Int.random(in: 500...1500)))
            }
        }
        return try await step()
    }

    private func apply(_ migration: Migration, on connection: StoreConnection, within open: Bool) async throws -> Bool {
        try await transaction(on: connection, within: open) {
            // Looked at under the lock: another migrator may just have done it.
            let status = try await compareMigrations(connection)
            let isForeign = status.entries.contains { $0.state == .changed || $0.state == .unknown }
            if isForeign, let misfit = status.misfit { throw StoreError.internalError(misfit) }
            guard status.pending.contains(where: { $0.version == migration.version }) else { return false }
            try await connection.script(migration.name, migration.sql, within: .seconds(3600))
            // Its own `set local role` would last until the transaction ends.
            try await connection.run(ResetRole())
            try await connection.run(RecordMigration(migration: migration))
            return true
        }
    }

    /// Makes what differs anew, and the objects after it: a view that is dropped takes those that read it along.
    private func applyObjects(on connection: StoreConnection, within open: Bool) async throws -> [String] {
        try await transaction(on: connection, within: open) {
            let pending = try await pendingObjects(connection).pending
            var isDue = Set(pending)
            for object in objects where object.after.contains(where: isDue.contains) { isDue.insert(object.name) }
            let due = objects.filter { isDue.contains($0.name) }
            guard !due.isEmpty else { return [] }
            try await connection.run(BecomeOwner())
            for object in due { try await connection.script("objects/\(object.name)", object.sql, within: .seconds(600)) }
            try await connection.run(ResetRole())
            try await connection.run(RecordObjects(objects: due))
            return due.map(\.name)
        }
    }

    private func transaction<Value: Sendable>(
        on connection: StoreConnection, within open: Bool, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            if !open { try await connection.begin(MigrationLock()) }
            let value = try await body()
            if !open { try await connection.commit() }
            return value
        } catch {
            await connection.rollbackAfterError()
            throw error
        }
    }

    func status(on connection: StoreConnection) async throws -> MigrationStatus {
        let has = try await connection.run(HasMigrations())
        guard has.migrations && has.objects else {
            // Nothing yet, or what a binary before objects left: everything of it is applied, the objects are pending.
            var status = has.migrations ? try await compareMigrations(connection, isOld: true) : allPending
            status.pendingObjects = objects.map(\.name)
            return status
        }
        var status = try await compareMigrations(connection)
        (status.pendingObjects, status.newerObjects) = try await pendingObjects(connection)
        return status
    }

    private func pendingObjects(_ connection: StoreConnection) async throws -> (pending: [String], newer: [String]) {
        let found = try await connection.run(AppliedObjects(objects: objects))
        let named = zip(objects.map(\.name), found)
        return (named.filter { !$1.isKnown }.map(\.0), named.filter { $1.isKnown && !$1.isInForce }.map(\.0))
    }

    /// - Parameter isOld: the table is that of a binary before objects, without a word on compatibility.
    private func compareMigrations(_ connection: StoreConnection, isOld: Bool = false) async throws -> MigrationStatus {
        // Until 0014 checksums were of whole texts.
        let texts = migrations.map(\.sql.withoutComments) + migrations.map(\.sql)
        let found = try await connection.run(AppliedMigrations(texts: texts, isOld: isOld))
        var entries: [MigrationStatus.Entry] = []
        for (index, migration) in migrations.enumerated() {
            let row = found.applied.first { $0.version == migration.version }
            let own = [found.checksums[index], found.checksums[index + migrations.count]]
            let state: MigrationStatus.State = row.map { own.contains($0.checksum) ? .applied : .changed } ?? .pending
            entries.append(.init(version: migration.version, name: migration.name, state: state, appliedAt: row?.at))
        }
        let known = Set(migrations.map(\.version))
        for row in found.applied where !known.contains(row.version) {
            let state: MigrationStatus.State = row.isCompatible ? .newer : .unknown
            entries.append(.init(version: row.version, name: row.name, state: state, appliedAt: row.at))
        }
        return MigrationStatus(entries: entries)
    }

    private var allPending: MigrationStatus {
        MigrationStatus(entries: migrations.map { .init(version: $0.version, name: $0.name, state: .pending, appliedAt: nil) })
    }

    /// A role that is no superuser must be a member of the role that owns everything before the first file makes schemas for it: one with CREATEROLE
    /// makes the role and joins it. From PostgreSQL 16 on who has made a role may grant it, but not yet act as it.
    private static let ownership = """
        do $$ begin
            perform pg_advisory_xact_lock(7340000, 0);
            begin
                if not exists (select from pg_roles where rolname = 'martlet_owner') then
                    create role martlet_owner nologin;
                end if;
            exception when duplicate_object or unique_violation then null; -- of another database's migration, in between
            end;
            if not pg_has_role(current_user, 'martlet_owner', case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
                execute format('grant martlet_owner to %I', current_user);
            end if;
        exception when insufficient_privilege then
            raise exception 'role % may not act as martlet_owner: %', current_user, sqlerrm using errcode = '42501',
                hint = format('Migrate as a superuser, or as the owner of the database with CREATEROLE. If the role was made by somebody else, let them run: grant martlet_owner to %I', current_user);
        end $$
        """

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
            if to_regclass('martlet_meta.objects') is null then
                alter table martlet_meta.migrations add column is_compatible boolean not null default false;
                -- Every text that was ever in force: a binary that finds its own among the former ones is older than the database.
                create table martlet_meta.objects (
                    id bigint generated always as identity primary key, name text not null, checksum text not null,
                    applied_at timestamptz not null default clock_timestamp(), applied_by text not null default session_user);
                create index on martlet_meta.objects (name, id);
                grant select on martlet_meta.objects to public;
            end if;
        end $$
        """
}
