import Domain
import Foundation

/// The settings of one worker process. What all workers must decide alike is in the policy instead.
public struct WorkerSettings: Sendable, Equatable {
    public var database: DatabaseSettings
    public var log: LogSettings
    /// Shown in `martlet workers` and in logs; unique among live workers helps people, correctness does not need it.
    public var name: String
    public var connections: Int
    public var claimBatch: Int
    /// Messages claimed and not yet recorded; at least one claim batch.
    public var maxInFlight: Int
    /// How long claimed messages belong to this worker.
    public var lease: Duration
    public var heartbeat: Duration
    /// After SIGTERM: how long sends may finish before the rest is handed back.
    public var drainGrace: Duration
    /// Where /livez, /readyz and /metrics are served; nil: nowhere.
    public var health: ListenAddress?
    /// How often the elected waiter looks whether anything was enqueued.
    public var wakePoll: Duration
    /// How often a worker looks into the lanes by itself while it has work, or providers without room.
    public var idlePoll: Duration
    /// How often a newer policy is looked for.
    public var policyPoll: Duration
    /// Takes part in rescue, promotion, rotation and retention.
    public var maintenance: Bool
    /// Key → where its value came from.
    public var origins: [String: String] = [:]
    /// What an operator should know, though it works.
    public var warnings: [String] = []

    /// - Throws: `ConfigErrors` with all mistakes, each naming the flag, environment variable or line of the file.
    public init(from sources: SettingSources) throws(ConfigErrors) {
        let reader = SettingReader(sources)
        self.init(reader)
        check(reader)
        try reader.finish()
        origins = reader.origins
        warnings = reader.warnings
    }

    private init(_ reader: SettingReader) {
        name =
            reader.text("worker.name", default: nil, limits: "1…63 characters, else the host name") { $0.line(limit: 63) }
            ?? String(ProcessInfo.processInfo.hostName.prefix(63))
        connections = reader.integer("worker.connections", default: 4, in: 2...64, unit: "connections")
        claimBatch = reader.integer("worker.claim_batch", default: 200, in: 1...1000, unit: "messages")
        maxInFlight = reader.integer("worker.max_in_flight", default: 2000, in: 1...100_000, unit: "messages")
        lease = reader.duration("worker.lease", default: .seconds(60), in: .seconds(5)...Duration.seconds(600))
        heartbeat = reader.duration("worker.heartbeat", default: .seconds(2), in: .milliseconds(200)...Duration.seconds(5))
        drainGrace = reader.duration("worker.drain_grace", default: .seconds(25), in: .zero...Duration.seconds(3600))
        health = reader.addressOrOff("worker.health", default: ListenAddress(host: "127.0.0.1", port: 9464))
        wakePoll = reader.duration("worker.wake_poll", default: .milliseconds(2), in: .milliseconds(1)...Duration.seconds(1))
        idlePoll = reader.duration("worker.idle_poll", default: .milliseconds(50), in: .milliseconds(1)...Duration.seconds(10))
        policyPoll = reader.duration("worker.policy_poll", default: .seconds(1), in: .milliseconds(100)...Duration.seconds(60))
        maintenance = reader.bool("worker.maintenance", default: true)
        database = DatabaseSettings(reader)
        log = LogSettings(reader)
    }

    private func check(_ reader: SettingReader) {
        func must(_ isSo: Bool, _ key: String, _ rule: String) {
            if !isSo { reader.report(key, rule, "change one of them") }
        }
        must(
            maxInFlight >= claimBatch, "worker.max_in_flight",
            "must be at least worker.claim_batch (max_in_flight \(maxInFlight), claim_batch \(claimBatch))")
        must(
            lease >= heartbeat * 3, "worker.lease",
            "must be at least 3 × worker.heartbeat (lease \(lease.spoken), heartbeat \(heartbeat.spoken))")
        must(
            idlePoll >= wakePoll, "worker.idle_poll",
            "must be at least worker.wake_poll (idle_poll \(idlePoll.spoken), wake_poll \(wakePoll.spoken))")
    }

    /// What is wrong with these settings under `policy`: a lease must outlive every send.
    public func conflicts(with policy: Policy) -> [String] {
        let source = origins["worker.lease"] ?? "default"
        return policy.providers.values.sorted { $0.name < $1.name }.compactMap { provider in
            guard lease <= provider.sendWithin + provider.timeout else { return nil }
            let from = "lease from \(source), timeout from provider \(provider.name)"
            if lease <= provider.timeout {
                return
                    "worker.lease must exceed provider.timeout (lease \(lease.spoken), timeout \(provider.timeout.spoken)); \(from)"
            }
            return "worker.lease must exceed provider.send_within + provider.timeout (lease \(lease.spoken), "
                + "send_within \(provider.sendWithin.spoken), timeout \(provider.timeout.spoken)); \(from)"
        }
    }

    /// Every key, as `Config/worker.yaml` explains it.
    public static var descriptions: [SettingDescription] {
        let reader = SettingReader(SettingSources(environment: [:]))
        _ = WorkerSettings(reader)
        return reader.descriptions
    }
}

extension Duration {
    /// `10 s`, `500 ms`: for sentences.
    var spoken: String {
        configured.replacing(/[a-z]+/) { " \($0.output)" }
    }
}
