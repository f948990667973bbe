import ArgumentParser
import Foundation
import Gateway
import Logging
import Metrics
import Settings
import Store
import Telemetry

/// `martlet-gateway`: receipts, inbound texts, bounces and unsubscribe links over HTTP, until it is asked to stop.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-gateway",
        abstract: "Takes callbacks of providers, unsubscribe links and tracked links; put a proxy with TLS in front of it.",
        discussion: """
            POST or GET /callbacks/PROVIDER, GET and POST /u/TOKEN and /y/TOKEN, GET /health. Settings come from flags, MARTLET_GATEWAY_… variables, \
            a file (--config) and defaults, in this order; Config/gateway.yaml lists them all. SIGTERM drains.
            Exit codes: 0 drained; 1 failed; 64 usage; 78 configuration or schema do not fit.

            SETTINGS
            \(SettingFlags.help(GatewaySettings.descriptions))
            """,
        version: martletVersion)

    @Option(help: "Settings file.") var config: String?
    @Option(help: "A setting by its key, such as gateway.queue=5000; repeatable.") var set: [String] = []

    static func main() async {
        await main(SettingFlags.spelledOut(Array(CommandLine.arguments.dropFirst()), GatewaySettings.descriptions))
    }

    func run() async throws {
        do {
            let settings = try GatewaySettings(
                from: SettingSources(readingFileOf: flags(), environment: ProcessInfo.processInfo.environment))
            try await work(settings)
        } catch let error as ConfigErrors {
            throw refuse("\(error)")
        } catch let error as GatewayError {
            throw refuse("\(error)")
        }
    }

    private func work(_ settings: GatewaySettings) async throws {
        bootstrapLogging(level: settings.log.level.rawValue, format: settings.log.format.rawValue)
        let metrics = PrometheusMetrics(help: MetricList.help)
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(label: "martlet-gateway")
        for warning in settings.warnings { logger.warning("\(warning)") }
        let options = DatabaseOptions(
            conninfo: settings.database.connection.reveal(), applicationName: "martlet-gateway",
            preparesStatements: settings.database.preparedStatements, deadline: settings.database.callTimeout,
            connectTimeout: settings.database.connectTimeout, isWorker: true)
        try await Gateway.serve(settings, options: options, metrics: { metrics.text() }, logger: logger)
    }

    private func flags() throws -> [String: String] {
        do {
            return try SettingFlags.values(set, config: config, GatewaySettings.descriptions)
        } catch {
            throw ValidationError(error.description)
        }
    }

    private func refuse(_ text: String) -> ExitCode {
        FileHandle.standardError.write(Data("martlet-gateway: \(text)\n".utf8))
        return ExitCode(78)
    }
}
