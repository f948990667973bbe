import Callbacks
import Glibc
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import ProviderEvents
import ServiceLifecycle
public import Settings
public import Store
import Telemetry
import UnixSignals

/// `martlet-gateway`: takes what providers call back and what people click.
public enum Gateway {
    /// Serves until SIGTERM or SIGINT: then no new connection is taken, what is under way is answered, and what waits is written.
    /// - Throws: `GatewayError`.
    public static func serve(
        _ settings: GatewaySettings, options: DatabaseOptions, metrics: @escaping @Sendable () -> String, logger: Logger
    ) async throws {
        let meters = Meters()
        // A flood of callbacks takes no connection from the pages.
        let database = Database(sized(2, options))
        // A client that makes up tokens of links must not keep people from unsubscribing.
        let linkDatabase = Database(sized(2, options))
        // One more for hits of links, and the look at them.
        let eventDatabase = Database(sized(settings.connections + 1, options))
        let policy = GatewayPolicy(database: database, poll: settings.policyPoll, logger: logger)
        let recorder = EventRecorder(shared: policy, database: eventDatabase, meters: meters, logger: logger)
        let queue = BatchQueue<ProviderEvent>(
            "callback", limit: settings.queue, writers: settings.connections, meters: meters, logger: logger,
            write: { try await recorder.record($0) })
        // Of their own: who follows links keeps no receipt out.
        let hits = BatchQueue<LinkHit>(
            "link_visit", limit: settings.queue, writers: 1, meters: meters, logger: logger,
            write: { try await LinkHitJudging.keep($0, in: eventDatabase, meters, logger) })
        let responder = GatewayResponder(
            policy: policy,
            callbacks: CallbackTaker(
                policy: policy, queue: queue, publicURL: settings.publicURL, meters: meters, logger: logger),
            unsubscribing: Unsubscribing(policy: policy, database: database, meters: meters, logger: logger),
            links: LinkFollowing(policy: policy, database: linkDatabase, hits: hits, meters: meters, logger: logger),
            confirming: Confirming(policy: policy, database: database, meters: meters, logger: logger))
        var services: [any Service] = []
        if let address = settings.health {
            let server = HealthServer(
                host: address.host, port: address.port, ready: { policy.reasonsNotReady },
                metrics: {
                    meters.gauge("martlet_callback_queue", [], Double(queue.waiting))
                    return metrics()
                },
                bound: { logger.info("health port", metadata: ["listen": "\(address.host):\($0)"]) })
            services.append(GatewayHealth(server: server))
        }
        // They end in the order of the last first.
        let judging = LinkHitJudging(database: eventDatabase, meters: meters, logger: logger)
        services += [policy, queue, hits, judging, listener(settings, responder, logger), Draining(policy: policy)]
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.drainGrace
        try await policy.lookFirst()
        do { try await ServiceGroup(configuration: configuration).run() } catch let error as IOError
            where error.errnoCode == EADDRINUSE
        {
            throw GatewayError.portTaken("\(settings.listen.host):\(settings.listen.port)")
        }
        await database.close()
        await linkDatabase.close()
        await eventDatabase.close()
        logger.info("drained")
    }

    private static func sized(_ connections: Int, _ options: DatabaseOptions) -> DatabaseOptions {
        var options = options
        options.connections = connections
        return options
    }

    private static func listener(_ settings: GatewaySettings, _ responder: GatewayResponder, _ logger: Logger) -> any Service {
        var quiet = logger
        quiet.logLevel = max(.notice, logger.logLevel)
        return Application(
            responder: responder,
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(maxHeaderFieldSize: 16_384, maxHeaderListSize: 32_768))),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.listen.host, port: settings.listen.port), serverName: "martlet",
                availableConnectionsDelegate: MaximumAvailableConnections(settings.clients)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.info("listening", metadata: ["listen": "\(settings.listen.host):\(port)"])
            },
            logger: quiet)
    }
}

/// The health port serves until the gateway has drained: it is the last to end.
private struct GatewayHealth: Service {
    let server: HealthServer
    func run() async throws { try await cancelWhenGracefulShutdown { try await server.run() } }
}

/// The first to hear of the end: a load balancer that asks is told at once.
private struct Draining: Service {
    let policy: GatewayPolicy
    func run() async throws {
        do { try await gracefulShutdown() } catch {
            return  // cancelled: something else has ended the group
        }
        policy.drain()
    }
}
