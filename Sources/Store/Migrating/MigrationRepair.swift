/// Where the database and this binary differ in what cannot be applied again: what `Migrator.repair` mends.
public struct MigrationRepair: Sendable, Equatable {
    /// A numbered file that was applied with another text. Nothing is run again: the recorded checksum is replaced.
    public struct Text: Sendable, Equatable {
        public var version: Int
        public var name: String
        /// SHA-256, hex.
        public var applied: String
        public var own: String
    }
    /// A function or view that is not there as this binary has it. It is made anew.
    public struct Object: Sendable, Equatable {
        public enum Cause: String, Sendable {
            case missing
            /// No migration recorded it: changed by hand, or its rights are.
            case differs
            /// A binary with another text recorded it after this binary's had been in force.
            case newer
        }
        /// `schema.name`
        public var name: String
        public var cause: Cause
    }
    public var migrations: [Text] = []
    /// Empty where something is to be applied first: `up` makes them.
    public var objects: [Object] = []

    public var isEmpty: Bool { migrations.isEmpty && objects.isEmpty }
}

extension Migrator {
    /// What differs. Makes every object anew in a transaction, looks which of them that changed, and rolls it back: views are locked for that moment.
    /// - Throws: `StoreError` where the database has migrations that this binary does not know.
    public func differences() async throws -> MigrationRepair {
        try await withRepair { _, _ in false }
    }

    /// Brings checksums and objects to those of this binary, with a line in the audit for each.
    /// - Parameter expected: what was shown to the one who asked; anything else is refused.
    public func repair(_ expected: MigrationRepair, why: String) async throws {
        _ = try await withRepair { connection, found in
            guard found == expected else {
                throw StoreError.internalError("the database has changed since it was looked at; look again")
            }
            for text in found.migrations {
                try await connection.run(ReplaceChecksum(version: text.version, checksum: text.own))
                try await connection.run(
                    InsertAudit(
                        action: "repair_migration", object: text.name, why: why,
                        detail: #"{"before": "\#(text.applied)", "now": "\#(text.own)"}"#))
            }
            try await connection.run(
                RecordObjects(objects: objects.filter { mine in found.objects.contains { $0.name == mine.name } }))
            for object in found.objects {
                try await connection.run(
                    InsertAudit(
                        action: "repair_object", object: object.name, why: why, detail: #"{"cause": "\#(object.cause.rawValue)"}"#
                    ))
            }
            return true
        }
    }

    /// A transaction in which the objects have been made anew; it is kept if `body` says so.
    private func withRepair(
        _ body: @Sendable (StoreConnection, MigrationRepair) async throws -> Bool
    ) async throws -> MigrationRepair {
        try await database.withConnection { connection in
            do {
                try await connection.begin(MigrationLock())
                let status = try await status(on: connection)
                if let unknown = status.entries.first(where: { $0.state == .unknown }) {
                    throw StoreError.internalError("this binary does not know migration \(unknown.name); use a newer binary")
                }
                let isBehind = !status.pending.isEmpty || !status.pendingObjects.isEmpty
                let found = MigrationRepair(
                    migrations: try await changedTexts(connection, status),
                    objects: isBehind ? [] : try await remade(connection, status))
                var isKept = false
                if !found.isEmpty { isKept = try await body(connection, found) }
                if isKept {
                    try await connection.commit()
                } else {
                    await connection.rollbackAfterError()
                }
                return found
            } catch {
                await connection.rollbackAfterError()
                throw error
            }
        }
    }

    private func changedTexts(_ connection: StoreConnection, _ status: MigrationStatus) async throws -> [MigrationRepair.Text] {
        let changed = migrations.filter { migration in
            status.entries.contains { $0.version == migration.version && $0.state == .changed }
        }
        guard !changed.isEmpty else { return [] }
        let found = try await connection.run(AppliedMigrations(texts: changed.map(\.sql.withoutComments)))
        return zip(changed, found.checksums).map { migration, own in
            let applied = found.applied.first { $0.version == migration.version }?.checksum ?? ""
            return .init(version: migration.version, name: migration.name, applied: applied, own: own)
        }
    }

    private func remade(_ connection: StoreConnection, _ status: MigrationStatus) async throws -> [MigrationRepair.Object] {
        let names = objects.map(\.name)
        let before = try await connection.run(ObjectDefinitions(names: names))
        try await connection.run(BecomeOwner())
        for object in objects { try await connection.script("objects/\(object.name)", object.sql, within: .seconds(600)) }
        try await connection.run(ResetRole())
        let after = try await connection.run(ObjectDefinitions(names: names))
        return zip(names, zip(before, after)).compactMap { name, texts in
            if status.newerObjects.contains(name) { return .init(name: name, cause: .newer) }
            guard texts.0 != texts.1 else { return nil }
            return .init(name: name, cause: texts.0 == nil ? .missing : .differs)
        }
    }
}
