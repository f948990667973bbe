/// The settings of one gateway process.
public struct GatewaySettings: Sendable, Equatable {
    public var database: DatabaseSettings
    public var log: LogSettings
    public var listen: ListenAddress
    /// Scheme and host by which providers know the gateway, without a slash at the end; nil: `https` and the request's own Host.
    public var publicURL: String?
    /// Where /livez, /readyz and /metrics are served; nil: nowhere.
    public var health: ListenAddress?
    /// Transactions at once in which events are written.
    public var connections: Int
    /// Events that may wait for a transaction; beyond them callbacks are answered with 503.
    public var queue: Int
    /// Connections of providers and people at once.
    public var clients: Int
    /// After SIGTERM: how long what is under way may take.
    public var drainGrace: Duration
    /// How often a newer policy is looked for.
    public var policyPoll: Duration
    /// Key → where its value came from.
    public var origins: [String: String] = [:]
    public var warnings: [String] = []

    /// - Throws: `ConfigErrors` with all mistakes, each naming the flag, environment variable or line of the file.
    public init(from sources: SettingSources) throws(ConfigErrors) {
        let reader = SettingReader(sources)
        self.init(reader)
        try reader.finish()
        origins = reader.origins
        warnings = reader.warnings
    }

    private init(_ reader: SettingReader) {
        listen =
            reader.text("gateway.listen", default: "127.0.0.1:8480", limits: "host:port, port 0 for any free one") {
                $0.listenAddress()
            } ?? ListenAddress(host: "127.0.0.1", port: 8480)
        publicURL = reader.text(
            "gateway.public_url", default: nil,
            limits: "scheme and host without a slash at the end, else https and the Host header"
        ) { $0.origin() }
        health = reader.addressOrOff("gateway.health", default: ListenAddress(host: "127.0.0.1", port: 9465))
        connections = reader.integer("gateway.connections", default: 1, in: 1...16, unit: "connections")
        queue = reader.integer("gateway.queue", default: 10_000, in: 1...1_000_000, unit: "events")
        clients = reader.integer("gateway.clients", default: 4000, in: 1...100_000, unit: "connections")
        drainGrace = reader.duration("gateway.drain_grace", default: .seconds(15), in: .seconds(1)...Duration.seconds(3600))
        policyPoll = reader.duration("gateway.policy_poll", default: .seconds(1), in: .milliseconds(100)...Duration.seconds(60))
        database = DatabaseSettings(reader)
        log = LogSettings(reader)
    }

    /// Every key, as `Config/gateway.yaml` explains it.
    public static var descriptions: [SettingDescription] {
        let reader = SettingReader(SettingSources(environment: [:]))
        _ = GatewaySettings(reader)
        return reader.descriptions
    }
}

extension YAMLValue {
    /// `https://hooks.example.com`, with a path before ours or without.
    fileprivate func origin() -> String? {
        guard let text = text(limit: 500) else { return nil }
        if text.wholeMatch(of: /https?:\/\/[A-Za-z0-9.\-]+(:[0-9]{1,5})?(\/[A-Za-z0-9.\-_~\/]*[A-Za-z0-9.\-_~])?/) != nil {
            return text
        }
        report("\(quoted(text)) is not scheme and host", "write https://hooks.example.com, without a slash at the end")
        return nil
    }
}
