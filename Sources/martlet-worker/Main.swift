import ArgumentParser
import Foundation
import Logging
import Metrics
import Settings
import Store
import Telemetry
import Worker

/// `martlet-worker`: claims, renders, admits, sends and records until it is asked to stop.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-worker",
        abstract: "Sends the messages that wait in PostgreSQL; run as many as you need.",
        discussion: """
            Settings come from flags, MARTLET_WORKER_… variables, a file (--config) and defaults, in this order; Config/worker.yaml \
            lists them all. SIGTERM drains: it claims no more, finishes what it handed over and gives the rest back; a second one hurries.
            Exit codes: 0 drained; 1 failed; 64 usage; 78 configuration or schema do not fit.

            SETTINGS
            \(SettingFlags.help(WorkerSettings.descriptions))
            """,
        version: martletVersion)

    @Option(help: "Settings file.") var config: String?
    @Option(help: "A setting by its key, such as worker.claim_batch=500; repeatable.") var set: [String] = []
    @Flag(help: "End with 0 when nothing is ready or leased.") var untilIdle = false

    static func main() async {
        await main(SettingFlags.spelledOut(Array(CommandLine.arguments.dropFirst()), WorkerSettings.descriptions))
    }

    func run() async throws {
        do {
            let settings = try WorkerSettings(
                from: SettingSources(readingFileOf: flags(), environment: ProcessInfo.processInfo.environment))
            try await work(settings)
        } catch let error as ConfigErrors {
            throw refuse("\(error)")
        } catch let error as WorkerError {
            throw refuse("\(error)")
        }
    }

    private func work(_ settings: WorkerSettings) async throws {
        if let problem = Worker.failpointProblem { throw refuse(problem) }
        bootstrapLogging(level: settings.log.level.rawValue, format: settings.log.format.rawValue)
        let metrics = PrometheusMetrics(help: MetricList.help)
        MetricsSystem.bootstrap(metrics)
        var logger = Logger(label: "martlet-worker")
        logger[metadataKey: "worker"] = "\(settings.name)"
        for warning in settings.warnings { logger.warning("\(warning)") }
        let options = DatabaseOptions(
            conninfo: settings.database.connection.reveal(), applicationName: "martlet-worker \(settings.name)",
            preparesStatements: settings.database.preparedStatements, deadline: settings.database.callTimeout,
            connectTimeout: settings.database.connectTimeout, isWorker: true)
        if let misfit = try await Worker.schemaMisfit(options, logger: logger) { throw refuse(misfit) }
        let state = WorkerHealth()
        let identity = WorkerIdentity(
            name: settings.name, host: ProcessInfo.processInfo.hostName, pid: ProcessInfo.processInfo.processIdentifier,
            version: martletVersion)
        let worker = Worker(
            settings: settings, identity: identity, options: options, untilIdle: untilIdle, health: state, logger: logger)
        try await Worker.serve(worker, settings: settings, health: state, metrics: { metrics.text() }, logger: logger)
    }

    private func flags() throws -> [String: String] {
        do {
            return try SettingFlags.values(set, config: config, WorkerSettings.descriptions)
        } catch {
            throw ValidationError(error.description)
        }
    }

    private func refuse(_ text: String) -> ExitCode {
        FileHandle.standardError.write(Data("martlet-worker: \(text)\n".utf8))
        return ExitCode(78)
    }
}
