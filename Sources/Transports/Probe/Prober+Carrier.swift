import Domain
import NIOCore

extension Prober {
    mutating func smpp(_ options: SMPPOptions) async throws {
        let dialling = Dialling(host: options.host, port: options.port, timeout: options.connectTimeout)
        let modes = options.binding.modes
        let configurations = try secrets { try modes.map { try options.session($0) } }
        let tls = try secrets { try options.tlsContext() }
        let channel = try await dial(dialling)
        if let tls {
            let plain = "the server does not speak TLS on port \(options.port)"
            try await self.tls(dialling, tls, serverName: options.serverName, plain: plain, on: channel)
        } else {
            report.skipped("tls", "tls: off: password and texts travel in the clear")
            await channel.closeQuietly()
        }
        for (mode, configuration) in zip(modes, configurations) {
            try await bind(options, mode, configuration, try await again(dialling))
        }
    }

    /// Binds, and unbinds again.
    private mutating func bind(
        _ options: SMPPOptions, _ mode: SMPPBindMode, _ configuration: SMPPSessionConfiguration, _ channel: any NIOCore.Channel
    ) async throws {
        let tls = try options.tlsContext()
        let (events, event) = AsyncStream<SMPPProbeEvent>.makeStream()
        try await channel.eventLoop.submit {
            let connection = SMPPConnection(
                configuration,
                report: { connection, actions in
                    for case .bound(let peer) in actions {
                        event.yield(.bound(peer))
                        connection.drain(now: .now)
                    }
                    for case .deliver(let delivery, _) in actions {
                        // A probe keeps no event: the carrier keeps it.
                        connection.acknowledge(delivery, .temporaryReceiverError, now: .now)
                    }
                },
                closed: { connection, end in
                    if let failure = SetupFailure(end, cause: connection.cause, options.account.statuses) {
                        event.yield(.failed(failure.failure))
                    }
                    event.finish()
                })
            try channel.begin(connection, tls: tls, serverName: options.serverName)
        }.get()
        var peer: String?
        for await event in events {
            switch event {
            case .bound(let name): peer = name
            case .failed(let failure) where peer == nil: throw Stop(step: "login", trouble: ProbeTrouble(failure))
            case .failed: break  // How it says good-bye is its own affair.
            }
        }
        guard let peer else {
            throw Stop(
                step: "login",
                trouble: ProbeTrouble("the carrier closed the connection before it answered the bind", "Check port and tls."))
        }
        report.done("login", "bound as \(mode) with system_id \(options.systemID), and unbound")
        report.offers("system_id", peer.isEmpty ? "(says nothing)" : peer)
    }
}

enum SMPPProbeEvent: Sendable {
    case bound(String)
    case failed(Failure)
}
