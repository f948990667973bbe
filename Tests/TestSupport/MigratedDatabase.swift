import Postgres
import Store
import Testing

extension ScratchDatabase {
    /// Runs a test on a migrated database of its own; the store has a few connections.
    public static func migrated<Value: Sendable>(
        connections: Int = 4, _ body: @Sendable (ScratchDatabase, Database) async throws -> Value
    ) async throws -> Value {
        let scratch = try await create(template: migratedTemplate(migrate))
        let store = Database(
            DatabaseOptions(
                conninfo: scratch.conninfo, applicationName: "tests", connections: connections, connectTimeout: .seconds(60)))
        do {
            let value = try await body(scratch, store)
            await store.close()
            try await scratch.drop()
            return value
        } catch {
            await store.close()
            try await scratch.drop()
            throw error
        }
    }

    /// Brings a database to the schema of this build.
    @Sendable public static func migrate(_ conninfo: String) async throws {
        let database = Database(
            DatabaseOptions(conninfo: conninfo, applicationName: "tests", connections: 1, connectTimeout: .seconds(60)))
        _ = try await Migrator(database).up()
        await database.close()
    }
}

extension Trait where Self == ScratchDatabaseTrait {
    /// A migrated database for the suite.
    public static var migratedDatabase: Self { .scratchDatabase { try await migratedTemplate(ScratchDatabase.migrate) } }
}

extension PQConnection {
    /// The first column of the first row as text; nil when there is no row, or NULL.
    public func value(_ sql: String) async throws -> String? {
        try await query(PQCall("test", "select (x.v)::text from (\(sql)) x(v)", prepared: false)).first?.textOrNull(0)
    }
}
