import ArgumentParser
import Foundation
import Settings
import Store

/// What every command takes.
struct SharedOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON document for programs: ids as strings, times as ISO 8601 in UTC.")
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp("Settings of this command, such as Config/martlet.yaml.", valueName: "file"), completion: .file())
    var settings: String?

    @Option(
        name: .long,
        help: ArgumentHelp("File that holds the URL or conninfo string of the database.", valueName: "file"), completion: .file())
    var databaseUrlFile: String?

    @Option(name: .long, help: ArgumentHelp("Longest connection attempt, such as 5s.", valueName: "duration"))
    var databaseConnectTimeout: String?

    @Option(name: .long, help: ArgumentHelp("Longest call, such as 10s.", valueName: "duration"))
    var databaseCallTimeout: String?

    @Option(name: .long, help: ArgumentHelp("false behind PgBouncer before 1.21 in transaction mode.", valueName: "bool"))
    var databasePreparedStatements: String?

    @Option(name: .long, help: ArgumentHelp("What is logged on standard error, such as debug.", valueName: "level"))
    var logLevel: String?

    @Option(name: .long, help: ArgumentHelp("json or text.", valueName: "format"))
    var logFormat: String?

    /// - Throws: `AdminError` (65).
    func load(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> AdminSettings {
        var flags: [String: String] = [:]
        flags["database-url-file"] = databaseUrlFile
        flags["database-connect-timeout"] = databaseConnectTimeout
        flags["database-call-timeout"] = databaseCallTimeout
        flags["database-prepared-statements"] = databasePreparedStatements
        flags["log-level"] = logLevel
        flags["log-format"] = logFormat
        var environment = environment
        if let settings { environment["MARTLET_CONFIG"] = settings }
        do throws(ConfigErrors) {
            let sources = try SettingSources(readingFileOf: flags, environment: environment)
            let loaded = try AdminSettings(from: sources)
            for warning in loaded.warnings { Terminal.error.line("warning: \(warning)", .yellow) }
            return loaded
        } catch {
            throw AdminError(error)
        }
    }

    /// Lends the database, after making sure that this binary knows its schema.
    /// - Parameters:
    ///   - role: what the command needs, to be named when it is not permitted.
    ///   - checksSchema: false for the commands that are there to repair it.
    ///   - deadline: longest call; nil: as configured.
    func withDatabase<T: Sendable>(
        _ role: DatabaseRole, checksSchema: Bool = true, deadline: Duration? = nil,
        _ body: (Database) async throws -> T
    ) async throws -> T {
        let settings = try load()
        let options = DatabaseOptions(
            conninfo: settings.database.connection.reveal(), applicationName: "martlet", connections: 2,
            preparesStatements: settings.database.preparedStatements,
            deadline: deadline ?? settings.database.callTimeout, connectTimeout: settings.database.connectTimeout)
        let database = Database(options)
        do {
            if checksSchema, let misfit = try await Migrator(database).status().misfit {
                throw AdminError(.schemaMismatch, misfit)
            }
            let value = try await body(database)
            await database.close()
            return value
        } catch {
            await database.close()
            if let error = error as? StoreError { throw AdminError(error, role: role) }
            throw error
        }
    }
}
