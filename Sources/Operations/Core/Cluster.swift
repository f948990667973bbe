import Store

/// One cluster as use cases see it. It is a value that is passed, never global: a program may serve several.
public struct Cluster: Sendable {
    /// The number that ids of its messages carry, 0 … 63.
    public let id: Int
    /// What people call it.
    public let name: String
    let database: Database

    public init(id: Int = 0, name: String = "default", options: DatabaseOptions) {
        self.init(id: id, name: name, database: Database(options))
    }

    /// On a database that is open already.
    public init(id: Int = 0, name: String = "default", database: Database) {
        self.id = id
        self.name = name
        self.database = database
    }

    /// - Throws: `schemaMismatch` when this binary does not know the schema of the database.
    public func checkSchema() async throws(OperationError) {
        do {
            guard let misfit = try await Migrator(database).status().misfit else { return }
            throw OperationError(.schemaMismatch, misfit)
        } catch {
            throw OperationError(error, role: .reader)
        }
    }

    public func close() async { await database.close() }
}
