import Foundation
import Postgres
import Store
import TestSupport
import Testing

@Suite("Migrations: forward only, one migrator at a time, all or nothing")
struct MigratorTests {
    private func empty(_ body: @Sendable (ScratchDatabase, Migrator) async throws -> Void) async throws {
        let scratch = try await ScratchDatabase.create()
        let database = Database(
            DatabaseOptions(conninfo: scratch.conninfo, applicationName: "migrator", connections: 2, connectTimeout: .seconds(60))
        )
        do { try await body(scratch, Migrator(database)) } catch {
            await database.close()
            try await scratch.drop()
            throw error
        }
        await database.close()
        try await scratch.drop()
    }

    private static let names = Migration.all.map(\.name)

    @Test("all of them apply on an empty database, in order; a second time there is nothing to do")
    func up() async throws {
        try await empty { _, migrator in
            let before = try await migrator.status()
            #expect(before.pending.map(\.name) == Self.names)
            #expect(try #require(before.misfit).contains("the database has no Martlet schema"))
            #expect(try await migrator.up() == Self.names)
            #expect(try await migrator.up() == [])
            let after = try await migrator.status()
            #expect(after.misfit == nil)
            #expect(after.entries.allSatisfy { $0.state == .applied && $0.appliedAt?.hasSuffix("Z") == true })
        }
    }

    @Test("what is in this binary is what is in the folder")
    func embedded() throws {
        let folder = "\(PythonTool.repository)/Migrations"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.wholeMatch(of: #/\d{4}_.*\.sql/#) != nil
        }.sorted()
        #expect(files == Self.names)
        for migration in Migration.all {
            #expect(try String(contentsOfFile: "\(folder)/\(migration.name)", encoding: .utf8).trimmed == migration.sql.trimmed)
        }
    }

    @Test("a dry run says what it would do and leaves nothing behind")
    func dryRun() async throws {
        try await empty { scratch, migrator in
            #expect(try await migrator.up(dryRun: true) == Self.names)
            let connection = try await scratch.connect()
            #expect(try await connection.value("select count(*) from pg_namespace where nspname ~ '^martlet'") == "0")
            #expect(try await migrator.up() == Self.names)
            #expect(try await migrator.up(dryRun: true) == [])
        }
    }

    @Test("an applied text that differs from this binary's is a misfit, and nothing more is applied on top of it")
    func changed() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let connection = try await scratch.connect()
            try await connection.execute(
                script: """
                    update martlet_meta.migrations set checksum = 'other' where version = 2;
                    delete from martlet_meta.migrations where version = (select max(version) from martlet_meta.migrations)
                    """)
            let status = try await migrator.status()
            #expect(
                status.entries.map(\.state) == [.applied, .changed] + Self.names.dropFirst(3).map { _ in .applied } + [.pending])
            let misfit = try #require(status.misfit)
            #expect(misfit.contains("0002_create_storage.sql was applied with another text") && misfit.contains("never edited"))
            let error = await #expect(throws: StoreError.self) { try await migrator.up() }
            #expect("\(try #require(error))".contains("0002_create_storage.sql was applied with another text"))
        }
    }

    @Test("a migration that this binary does not know is a misfit: the binary is too old")
    func unknown() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let connection = try await scratch.connect()
            try await connection.execute(
                script: "insert into martlet_meta.migrations values (9999, '9999_from_the_future.sql', 'x')")
            let misfit = try #require(try await migrator.status().misfit)
            #expect(misfit.contains("9999_from_the_future.sql") && misfit.contains("newer binary"))
            await #expect(throws: StoreError.self) { try await migrator.up() }
        }
    }

    @Test("a database that is behind says so, and what to do")
    func behind() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let connection = try await scratch.connect()
            try await connection.execute(script: "delete from martlet_meta.migrations where version >= 4")
            let misfit = try #require(try await migrator.status().misfit)
            #expect(misfit.contains("the database has schema 3, this binary wants schema \(Migration.all.last?.version ?? 0)"))
            #expect(misfit.contains("martlet migrate up"))
        }
    }

    @Test("two migrators at once apply each migration once, and both end well")
    func twoAtOnce() async throws {
        try await empty { scratch, migrator in
            let other = Database(
                DatabaseOptions(
                    conninfo: scratch.conninfo, applicationName: "other migrator", connections: 1, connectTimeout: .seconds(60)))
            async let first = migrator.up()
            async let second = Migrator(other).up()
            let applied = try await first + second
            #expect(applied.sorted() == Self.names)
            await other.close()
        }
    }

    @Test("a lock that somebody holds ends the attempt within seconds, readably, with nothing half applied")
    func lockTimeout() async throws {
        try await empty { scratch, migrator in
            let holder = try await scratch.connect()
            // The second migration needs this name; the first will be there, the second not at all.
            try await holder.execute(script: "begin; create schema martlet_data")
            let error = await #expect(throws: StoreError.self) { try await migrator.up() }
            #expect(
                "\(try #require(error))".contains("0001_create_roles_and_schemas.sql: canceling statement due to lock timeout"))
            #expect(error?.sqlstate == "55P03")
            #expect(try await migrator.status().pending.map(\.name) == Self.names)
            let connection = try await scratch.connect()
            #expect(try await connection.value("select to_regnamespace('martlet')") == nil)
            try await holder.execute(script: "rollback")
            #expect(try await migrator.up() == Self.names)
        }
    }

    @Test("replay equals the committed schema.sql")
    func schemaDump() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let dump = try await runProcess(["\(PythonTool.repository)/Deploy/schema", "--print", scratch.conninfo])
            let committed = try String(contentsOfFile: "\(PythonTool.repository)/Migrations/schema.sql", encoding: .utf8)
            let missing = Set(committed.split(separator: "\n")).subtracting(dump.split(separator: "\n"))
            let added = Set(dump.split(separator: "\n")).subtracting(committed.split(separator: "\n"))
            #expect(
                dump == committed,
                "run Deploy/schema and commit its result; only committed: \(missing.sorted()); only replayed: \(added.sorted())")
        }
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .newlines) }
}
