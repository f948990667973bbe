import Foundation
import PipelineSupport
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
    private static let everything = MigrationResult(migrations: names, objects: SQLObject.all.map(\.name))

    @Test("all of them apply on an empty database, in order; a second time there is nothing to do")
    func up() async throws {
        try await empty { _, migrator in
            let before = try await migrator.status()
            #expect(before.pending.map(\.name) == Self.names)
            #expect(try #require(before.misfit).contains("the database has no Martlet schema"))
            #expect(try await migrator.up() == Self.everything)
            #expect(try await migrator.up().isEmpty)
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
        let objects = try ["martlet", "martlet_data"].flatMap { schema in
            try FileManager.default.contentsOfDirectory(atPath: "\(folder)/objects/\(schema)").map {
                "\(schema).\($0.dropLast(4))"
            }
        }
        #expect(Set(objects) == Set(SQLObject.all.map(\.name)))
        for object in SQLObject.all {
            let path = "\(folder)/objects/\(object.name.replacing(".", with: "/")).sql"
            #expect(try String(contentsOfFile: path, encoding: .utf8).trimmed == object.sql.trimmed)
        }
    }

    @Test("the owner of a database migrates it with CREATEROLE alone; without it the error says who could")
    func byOwner() async throws {
        let server = try await PrivateServer.start()
        do { try await byOwner(on: server) } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func byOwner(on server: PrivateServer) async throws {
        let root = try await PQConnection.connect(ConnectionOptions(server.conninfo(database: "postgres")))
        for sql in [
            "create role own login createrole", "create role other login createrole", "create role poor login",
            "create database m owner own",
            "create database n owner other", "create database p owner poor",
        ] {
            try await root.execute(script: sql)
        }
        func migrator(_ role: String, _ database: String) -> (Migrator, Database) {
            let conninfo = server.conninfo(database: database).replacing("user=postgres", with: "user=\(role)")
            let store = Database(DatabaseOptions(conninfo: conninfo, applicationName: "owner", connections: 1))
            return (Migrator(store), store)
        }
        // No role is there yet, and this one may not make them.
        let (poor, poorStore) = migrator("poor", "p")
        let error = await #expect(throws: StoreError.self) { try await poor.up() }
        #expect("\(try #require(error))".contains("role poor may not act as martlet_owner"))
        await poorStore.close()
        // The first makes them, for the second they are there.
        for (role, database) in [("own", "m"), ("other", "n")] {
            let (migrator, store) = migrator(role, database)
            #expect(try await migrator.up(dryRun: true) == Self.everything)
            #expect(try await migrator.up() == Self.everything)
            #expect(try await migrator.status().misfit == nil)
            await store.close()
        }
        let inside = try await PQConnection.connect(ConnectionOptions(server.conninfo(database: "m")))
        #expect(
            try await inside.value(
                "select count(*) from pg_class where relnamespace::regnamespace::text in ('martlet', 'martlet_data') and relowner <> 'martlet_owner'::regrole"
            ) == "0")
        await inside.close()
        await root.close()
    }

    @Test("a dry run says what it would do and leaves nothing behind")
    func dryRun() async throws {
        try await empty { scratch, migrator in
            #expect(try await migrator.up(dryRun: true) == Self.everything)
            let connection = try await scratch.connect()
            #expect(try await connection.value("select count(*) from pg_namespace where nspname ~ '^martlet'") == "0")
            #expect(try await migrator.up() == Self.everything)
            #expect(try await migrator.up(dryRun: true).isEmpty)
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

    @Test(
        "a migration that this binary does not know fits if it says that older binaries keep working, else the binary is too old")
    func unknown() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let connection = try await scratch.connect()
            let store = Database(DatabaseOptions(conninfo: scratch.conninfo, applicationName: "next", connections: 1))
            let number = (Migration.all.last?.version ?? 0) + 1
            let kind = Migration(
                version: number, name: "9998_kind.sql", sql: "-- Why: x. Compatible: yes\ncreate table martlet_data.later ()")
            #expect(
                try await Migrator(store, migrations: Migration.all + [kind]).up() == MigrationResult(migrations: [kind.name]))
            let status = try await migrator.status()
            #expect(status.misfit == nil)
            #expect(status.entries.last?.state == .newer)
            #expect(try await migrator.up().isEmpty)
            let unkind = Migration(
                version: number + 1, name: "9999_from_the_future.sql", sql: "-- Compatible: no\ndrop table martlet_data.later")
            #expect(try await Migrator(store, migrations: Migration.all + [kind, unkind]).up().migrations == [unkind.name])
            let misfit = try #require(try await migrator.status().misfit)
            #expect(misfit.contains("9999_from_the_future.sql") && misfit.contains("newer binary"))
            await #expect(throws: StoreError.self) { try await migrator.up() }
            #expect(try await connection.value("select count(*) from martlet_meta.migrations where not is_compatible") == "1")
            await store.close()
        }
    }

    @Test("a function whose text changed is made anew, with what comes after it, and nothing else; a comment is no change")
    func changedObjects() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let store = Database(DatabaseOptions(conninfo: scratch.conninfo, applicationName: "next", connections: 1))
            let connection = try await scratch.connect()
            let first = SQLObject(
                name: "martlet.one", sql: "create or replace function martlet.one() returns int language sql return 1;")
            let reader = SQLObject(
                name: "martlet.ones", sql: "-- after: martlet.one\ncreate or replace view martlet.ones as select martlet.one();")
            let before = Migrator(store, objects: SQLObject.inOrder(SQLObject.all + [reader, first]))
            #expect(try await before.up() == MigrationResult(objects: ["martlet.one", "martlet.ones"]))
            #expect(try await before.status().misfit == nil)
            // A binary that does not know them is not disturbed.
            #expect(try await migrator.status().misfit == nil)

            var second = first
            second.sql = "-- Another number, for once.\n\n" + first.sql
            #expect(try await Migrator(store, objects: [second]).up().isEmpty)
            second.sql = "drop function martlet.one() cascade;\ncreate function martlet.one() returns int language sql return 2;"
            let next = Migrator(store, objects: [second, reader])
            #expect(try #require(try await next.status().misfit).contains("martlet.one). Run `martlet migrate up`"))
            #expect(try await next.up() == MigrationResult(objects: ["martlet.one", "martlet.ones"]))
            #expect(try await connection.value("select one from martlet.ones") == "2")

            // The binary before finds a newer text than its own, fits, and leaves it.
            let status = try await before.status()
            #expect(status.misfit == nil && status.newerObjects == ["martlet.one"] && status.pendingObjects == [])
            #expect(try await before.up().isEmpty)
            #expect(try await connection.value("select one from martlet.ones") == "2")
            #expect(
                try await connection.value(
                    "select rolname from pg_proc join pg_roles r on r.oid = proowner where proname = 'one'") == "martlet_owner")
            await store.close()
        }
    }

    @Test("a repair says what differs, changes nothing until it is told to, and then leaves the database as this binary has it")
    func repair() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            #expect(try await migrator.differences().isEmpty)
            let connection = try await scratch.connect()
            let own = try #require(try await connection.value("select checksum from martlet_meta.migrations where version = 2"))
            try await connection.execute(
                script: """
                    update martlet_meta.migrations set checksum = 'other' where version = 2;
                    create or replace function martlet.created_at(p_message_id bigint) returns timestamptz language sql stable as $$ select now() $$;
                    revoke execute on function martlet.cancel(bigint) from martlet_producer;
                    drop view martlet.attempts;
                    insert into martlet_meta.objects (name, checksum) values ('martlet.suppress', 'of another binary');
                    """)
            let found = try await migrator.differences()
            #expect(found.migrations.map { [$0.name, $0.applied, $0.own] } == [["0002_create_storage.sql", "other", own]])
            #expect(
                found.objects.map { "\($0.name) \($0.cause)" }.sorted() == [
                    "martlet.attempts missing", "martlet.cancel differs", "martlet.created_at differs", "martlet.suppress newer",
                ])
            #expect(try await connection.value("select to_regclass('martlet.attempts')") == nil, "it only looked")
            #expect(try #require(try await migrator.status().misfit).contains("0002_create_storage.sql"))

            var other = found
            other.objects.removeLast()
            await #expect(throws: StoreError.self) { try await migrator.repair(other, why: "not what was shown") }
            #expect(try await migrator.differences() == found)

            try await migrator.repair(found, why: "a night in June")
            #expect(try await migrator.differences().isEmpty)
            let status = try await migrator.status()
            #expect(status.misfit == nil && status.newerObjects == [])
            #expect(
                try await connection.value(
                    "select has_function_privilege('martlet_producer', 'martlet.cancel(bigint)', 'execute')") == "true")
            #expect(try await connection.value("select martlet.created_at(0)::date") == "2025-01-01")
            let audit = try await connection.query(
                PQCall(
                    "audit", "select action || ' ' || object || ' ' || why from martlet_data.audit order by id", prepared: false)
            ).map { try $0.text(0) }
            #expect(
                audit.sorted() == [
                    "repair_migration 0002_create_storage.sql a night in June", "repair_object martlet.attempts a night in June",
                    "repair_object martlet.cancel a night in June", "repair_object martlet.created_at a night in June",
                    "repair_object martlet.suppress a night in June",
                ])
        }
    }

    @Test("where something is to be applied first a repair mends checksums alone; a binary that is too old repairs nothing")
    func repairBehind() async throws {
        try await empty { scratch, migrator in
            #expect(try await migrator.differences().isEmpty)
            _ = try await migrator.up()
            let connection = try await scratch.connect()
            try await connection.execute(
                script: "update martlet_meta.migrations set checksum = 'other' where version = 3; drop view martlet.attempts")
            let store = Database(DatabaseOptions(conninfo: scratch.conninfo, applicationName: "next", connections: 1))
            let number = (Migration.all.last?.version ?? 0) + 1
            let next = Migrator(
                store,
                migrations: Migration.all + [
                    .init(version: number, name: "9998_next.sql", sql: "create table martlet_data.later ()")
                ])
            let found = try await next.differences()
            #expect(found.migrations.map(\.version) == [3] && found.objects == [])
            try await next.repair(found, why: "x")
            #expect(try await next.up().migrations == ["9998_next.sql"])
            #expect(try await next.differences().objects.map { "\($0.name) \($0.cause)" } == ["martlet.attempts missing"])
            let error = await #expect(throws: StoreError.self) { try await migrator.differences() }
            #expect("\(try #require(error))".contains("9998_next.sql"))
            await store.close()
        }
    }

    @Test("an object that cannot be made is named, and none of them is made")
    func brokenObject() async throws {
        try await empty { scratch, migrator in
            _ = try await migrator.up()
            let store = Database(DatabaseOptions(conninfo: scratch.conninfo, applicationName: "next", connections: 1))
            let good = SQLObject(
                name: "martlet.good", sql: "create or replace function martlet.good() returns int language sql return 1;")
            let bad = SQLObject(
                name: "martlet.bad",
                sql: "create or replace function martlet.bad() returns int language sql return nothing_there();")
            let error = await #expect(throws: StoreError.self) { try await Migrator(store, objects: [good, bad]).up() }
            #expect("\(try #require(error))".contains("objects/martlet.bad"))
            #expect(try await scratch.connect().value("select to_regproc('martlet.good')") == nil)
            #expect(try await migrator.status().misfit == nil)
            await store.close()
        }
    }

    @Test("a database that a binary before objects migrated is behind by them alone, and is brought up with its rows")
    func beforeObjects() async throws {
        try await empty { scratch, migrator in
            let connection = try await scratch.connect()
            try await connection.execute(
                script: """
                    create schema martlet_meta; create table martlet_meta.migrations (
                        version int primary key, name text not null, checksum text not null,
                        applied_at timestamptz not null default clock_timestamp(), applied_by text not null default session_user);
                    grant usage on schema martlet_meta to public; grant select on martlet_meta.migrations to public
                    """)
            let old = Migration.all.filter { $0.version <= 14 }
            for migration in old {
                try await connection.execute(script: "begin; \(migration.sql)\n; reset role; commit")
                // As it was until 0014: of the whole text.
                try await connection.execute(
                    script:
                        "insert into martlet_meta.migrations values (\(migration.version), '\(migration.name)', encode(sha256(convert_to($text$\(migration.sql)$text$, 'UTF8')), 'hex'))"
                )
            }
            let status = try await migrator.status()
            #expect(status.entries.filter { $0.state == .applied }.count == old.count)
            #expect(status.pendingObjects == Self.everything.objects)
            #expect(try #require(status.misfit).contains("martlet migrate up"))
            let result = try await migrator.up()
            #expect(result.migrations == Self.names.dropFirst(old.count).map { $0 })
            #expect(result.objects == Self.everything.objects)
            #expect(try await migrator.status().misfit == nil)
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
            let (one, two) = try await (first, second)
            let applied = MigrationResult(migrations: one.migrations + two.migrations, objects: one.objects + two.objects)
            #expect(applied.migrations.sorted() == Self.names)
            #expect(applied.objects.sorted() == Self.everything.objects.sorted())
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
            #expect(try await migrator.up() == Self.everything)
        }
    }

    @Test(
        "replay equals the committed schema.sql",
        // Each major version dumps in words of its own: the file is that of Debian's.
        .enabled(if: ProcessInfo.processInfo.environment["MARTLET_POSTGRES_BINARIES"] == nil))
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
