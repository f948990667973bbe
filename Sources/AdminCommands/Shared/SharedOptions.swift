import ArgumentParser
import Foundation
import Operations
import Settings
import Store
import Text

/// What every command takes.
struct SharedOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one JSON document for programs: ids as strings, times as ISO 8601 in UTC.")
    var json = false

    @Flag(name: .long, help: "Write everything at once, also on a terminal that is too short for it.")
    var noPager = false

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

    /// - Throws: `OperationError` (65).
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
            throw OperationError(error)
        }
    }

    /// Runs one use case on the cluster that the settings name.
    func run<U: UseCase>(_ useCase: U, checksSchema: Bool = true) async throws -> U.Output {
        try await withCluster(checksSchema: checksSchema, deadline: U.deadline) { cluster, actor in
            try await useCase.run(on: cluster, as: actor)
        }
    }

    /// Lends the cluster and who acts on it, after making sure that this binary knows its schema.
    /// - Parameters:
    ///   - checksSchema: false for the commands that are there to repair it.
    ///   - deadline: longest call; nil: as configured.
    func withCluster<T: Sendable>(
        checksSchema: Bool = true, deadline: Duration? = nil, _ body: (Cluster, Actor) async throws -> T
    ) async throws -> T {
        let settings = try load()
        let cluster = Cluster(
            options: DatabaseOptions(
                conninfo: settings.database.connection.reveal(), applicationName: "martlet", connections: 2,
                preparesStatements: settings.database.preparedStatements,
                deadline: deadline ?? settings.database.callTimeout, connectTimeout: settings.database.connectTimeout))
        do {
            if checksSchema { try await cluster.checkSchema() }
            let value = try await body(cluster, try await Actor.login(on: cluster))
            await cluster.close()
            return value
        } catch {
            await cluster.close()
            throw error
        }
    }

    /// With `--json` the output as one document, else what `people` writes, through a pager where it is longer than the terminal.
    func show(_ output: some JSONConvertible, _ people: () -> Void) { show(output.json, people) }

    func show(_ output: JSONValue, _ people: () -> Void) {
        if json { return Terminal.out.json(output) }
        guard !noPager else { return people() }
        Pager.show(people)
    }
}
