import Logging
import Pipeline
import ServiceLifecycle
import Settings
import Store
import Telemetry
import UnixSignals

#if canImport(Glibc)
    import Glibc
#endif

extension Worker {
    /// Why this process must not start with the failpoint it was given; nil: none, or a known one in a debug build.
    public static var failpointProblem: String? {
        guard let setting = getenv(Failpoint.variable).map({ String(cString: $0) }), !setting.isEmpty else { return nil }
        guard Failpoint.isAllowed else {
            return "\(Failpoint.variable) is set, and this is a release build: unset it. Failpoints are for tests."
        }
        guard Failpoint.parse(setting) != nil else {
            let known = Failpoint.allCases.map(\.rawValue).joined(separator: ", ")
            return
                "\(Failpoint.variable)=\(setting) is not understood: write POINT:ACTION with a point of \(known) and kill, stop, error or delay=MS"
        }
        return nil
    }

    /// Why this program cannot work with the database it was given: the schema, the role's rights, or that it is not let in. nil: it can. Waits while the
    /// database cannot be reached.
    public static func schemaMisfit(_ options: DatabaseOptions, logger: Logger) async throws -> String? {
        var options = options
        options.connections = 1
        let database = Database(options)
        var pause = Pause(limit: .seconds(5))
        while true {
            do {
                let misfit = try await Migrator(database).status().misfit
                let found = if let misfit { misfit } else { try await database.missingGrant(of: "martlet_worker") }
                await database.close()
                return found
            } catch let error as StoreError where error.isRefusedConnection || error.isForbidden {
                return "\(error)"
            } catch StoreError.unavailable(let error) {
                if pause.isFirst { logger.warning("the database cannot be reached yet", metadata: ["error": "\(error)"]) }
                await pause.wait()
            }
        }
    }

    /// Runs a worker with its health port until SIGTERM or SIGINT has drained it; a second one hurries.
    public static func serve(
        _ worker: Worker, settings: WorkerSettings, health: WorkerHealth, metrics: @escaping @Sendable () -> String,
        logger: Logger
    ) async throws {
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = []
        if let address = settings.health {
            let server = HealthServer(
                host: address.host, port: address.port, ready: { health.reasonsNotReady }, metrics: metrics,
                bound: { logger.info("health port", metadata: ["listen": "\(address.host):\($0)"]) })
            services.append(.init(service: HealthService(server: server)))
        }
        services.append(
            .init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup, failureTerminationBehavior: .cancelGroup)
        )
        var configuration = ServiceGroupConfiguration(services: services, logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.drainGrace + .seconds(15)
        let group = ServiceGroup(configuration: configuration)
        // Unstructured: it waits for signals as long as the process lives, and ends with it.
        let signals = Task {
            var isFirst = true
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                logger.info(isFirst ? "draining" : "hurrying", metadata: ["signal": "\(signal)"])
                if isFirst { await group.triggerGracefulShutdown() } else { health.hurry() }
                isFirst = false
            }
        }
        defer { signals.cancel() }
        try await group.run()
    }
}

/// The health port serves until the worker has drained: it is the last to end.
private struct HealthService: Service {
    let server: HealthServer

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await server.run() }
    }
}
