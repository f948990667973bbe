import Domain
import NIOCore

extension Prober {
    mutating func smtp(_ options: SMTPOptions) async throws {
        let dialling = Dialling(host: options.host, port: options.port, timeout: options.connectTimeout)
        let configuration = try secrets { try options.session() }
        let tls = try options.tlsContext()
        var channel = try await dial(dialling)
        if options.tls == .implicit, let tls {
            let plain = "the server does not speak TLS at once on port \(options.port)"
            try await self.tls(dialling, tls, serverName: options.serverName, plain: plain, on: channel)
            channel = try await again(dialling)
        }
        let (events, event) = AsyncStream<SMTPProbeEvent>.makeStream()
        let opened = channel
        try await opened.eventLoop.submit {
            let connection = SMTPConnection(
                configuration, options: options, tls: tls,
                report: { connection, what in
                    switch what {
                    case .ready:
                        event.yield(.ready(connection.capabilities))
                    // Only now: the certificate is looked at first.
                    case .failed(let failure): event.yield(.failed(failure))
                    case .closed: event.finish()
                    default: break
                    }
                })
            try opened.begin(connection, tls: options.tls == .implicit ? tls : nil, serverName: options.serverName)
        }.get()
        var iterator = events.makeAsyncIterator()
        let first = await iterator.next()
        switch first {
        case .ready(let capabilities):
            if options.tls == .required || options.tls == .opportunistic { await starttls(opened, capabilities) }
            if options.tls == .off { report.skipped("tls", "tls: off: everything travels in the clear") }
            loggedIn(options, capabilities)
            await opened.closeQuietly()
        case .failed(let failure):
            await opened.closeQuietly()
            if failure.failure.code.hasPrefix("tls_") { throw Stop(step: "tls", trouble: ProbeTrouble(failure.failure)) }
            throw Stop(step: "login", trouble: ProbeTrouble(failure.failure))
        case nil:
            throw Stop(
                step: "login",
                trouble: ProbeTrouble("the server closed the connection before it said anything", "Check port and tls."))
        }
    }

    private mutating func starttls(_ channel: any NIOCore.Channel, _ capabilities: SMTPCapabilities) async {
        do {
            let (facts, version) = try await TLSLook.facts(channel)
            report.done("tls", "STARTTLS, \(version), \(facts?.sentence ?? "a certificate that is trusted")")
        } catch {
            report.skipped("tls", "the server offers no STARTTLS: everything travels in the clear (tls: opportunistic)")
        }
    }

    private mutating func loggedIn(_ options: SMTPOptions, _ capabilities: SMTPCapabilities) {
        report.done(
            "login", options.user.map { "logged in as \($0)" } ?? "without a user: the server takes this machine as it is")
        let words = [
            ("PIPELINING", capabilities.pipelining), ("8BITMIME", capabilities.eightBitMIME), ("SMTPUTF8", capabilities.smtpUTF8),
            ("DSN", capabilities.dsn), ("SIZE", capabilities.offersSize),
        ]
        report.offers("extensions", words.filter(\.1).map(\.0).joined(separator: " "))
        if !capabilities.mechanisms.isEmpty { report.offers("AUTH", capabilities.mechanisms.sorted().joined(separator: " ")) }
        if let limit = capabilities.sizeLimit { report.offers("largest message", "\(limit) octets") }
    }

    /// Another connection, for the protocol; it is the same peer that has just answered.
    mutating func again(_ dialling: Dialling) async throws -> any NIOCore.Channel {
        do { return try await dialling.connect(try await dialling.resolve()) } catch {
            throw Stop(step: "connect", trouble: Self.trouble(error))
        }
    }

    /// Files with secrets, before anything else is tried.
    mutating func secrets<Value>(_ read: () throws -> Value) throws -> Value {
        do { return try read() } catch {
            throw Stop(
                step: "options",
                trouble: ProbeTrouble("\(error)", "Put the file there, readable for the worker's user only (chmod 600)."))
        }
    }
}

enum SMTPProbeEvent: Sendable {
    case ready(SMTPCapabilities)
    case failed(SetupFailure)
}
