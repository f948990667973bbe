public import Domain
import Logging
import NIOCore
import NIOSSL

extension TransportFactory {
    /// Looks at a provider from here: resolves, connects, does the TLS handshake, logs in, and sends one message if there is one.
    /// Nothing is written to PostgreSQL, and no other message is touched.
    ///
    /// - Parameter message: what to send, rendered; nil: nothing is sent.
    public static func probe(_ policy: ProviderPolicy, message: Submission? = nil) async -> ProbeReport {
        var prober = Prober(policy)
        await prober.run(message)
        return prober.report
    }
}

/// One look at one provider.
struct Prober {
    let policy: ProviderPolicy
    var report: ProbeReport

    init(_ policy: ProviderPolicy) {
        self.policy = policy
        report = ProbeReport(policy)
    }

    mutating func run(_ message: Submission?) async {
        do {
            try TransportFactory.check(policy)
            try await login()
        } catch let trouble as Stop {
            report.failed(trouble.step, trouble.trouble)
            return report.skipped("message", "not sent: the steps before have to succeed")
        } catch {
            report.failed("options", ProbeTrouble("\(error)", "Correct providers.yaml, then `martlet config validate`."))
            return
        }
        guard let message else {
            return report.skipped("message", "nothing was sent", "Send one with --send --to ADDRESS.")
        }
        await send(message)
    }

    /// The end of a look: nothing after this step can be tried.
    struct Stop: Error {
        var step: String
        var trouble: ProbeTrouble
    }

    private mutating func login() async throws {
        switch policy.transport {
        case "smtp": try await smtp(SMTPOptions(policy))
        case "smpp": try await smpp(SMPPOptions(policy))
        case "http": try await http(HTTPOptions(generic: policy))
        case "twilio": try await http(HTTPOptions(twilio: policy))
        case "webhook": try await http(HTTPOptions(webhook: policy))
        default:
            report.done("connect", "the sandbox needs no connection; it writes to \(policy.options["outbox"] ?? "none")")
        }
    }

    /// A connection, with the two steps that lead there.
    mutating func dial(_ dialling: Dialling, allowsPrivate: Bool = true) async throws -> any NIOCore.Channel {
        let addresses: [SocketAddress]
        do { addresses = try await dialling.resolve() } catch { throw Stop(step: "resolve", trouble: Self.trouble(error)) }
        let shown = addresses.map { $0.ipAddress ?? "?" }.joined(separator: ", ")
        report.done("resolve", dialling.host == shown ? "\(shown) is an address" : "\(dialling.host) is \(shown)")
        let allowed = allowsPrivate ? addresses : addresses.filter { PublicAddress.isPublic($0) }
        guard !allowed.isEmpty else {
            let failure = Failure(code: "private_address", detail: "\(dialling.host) leads to \(shown)", blame: .provider)
            throw Stop(step: "resolve", trouble: ProbeTrouble(failure))
        }
        do {
            let channel = try await dialling.connect(allowed)
            report.done(
                "connect", "\(channel.remoteAddress?.ipAddress ?? dialling.host) port \(dialling.port) accepts connections")
            return channel
        } catch {
            throw Stop(step: "connect", trouble: Self.trouble(error))
        }
    }

    static func trouble(_ error: any Error) -> ProbeTrouble {
        (error as? ProbeTrouble) ?? ProbeTrouble("\(error)", "Check host and port.")
    }

    /// A handshake on a connection of its own where TLS comes first; the next one speaks the protocol.
    mutating func tls(
        _ dialling: Dialling, _ context: NIOSSLContext, serverName: String, plain: String, on channel: any NIOCore.Channel
    )
        async throws
    {
        do {
            let (facts, version) = try await TLSLook.handshake(channel, context, serverName: serverName)
            report.done("tls", "\(version), \(facts?.sentence ?? "certificate of \(serverName)")")
            await channel.closeQuietly()
        } catch {
            await channel.closeQuietly()
            let words = TLSWords.isTLS(error) ? TLSWords.sentence(for: error, serverName: serverName, plain: plain) : "\(error)"
            throw Stop(step: "tls", trouble: await explain(dialling, words, serverName, plain))
        }
    }

    /// Looks at the certificate that was refused, without saying anything to the peer that showed it.
    private func explain(_ dialling: Dialling, _ words: String, _ serverName: String, _ plain: String) async -> ProbeTrouble {
        do {
            let channel = try await dialling.connect(try await dialling.resolve())
            let look = try await TLSLook.handshake(channel, try TLSLook.blindContext(), serverName: serverName)
            await channel.closeQuietly()
            if let facts = look.facts { return facts.trouble(host: serverName, words: words) }
        } catch {
            // No certificate at all: the words are all there is.
        }
        return ProbeTrouble(words == plain ? plain : words, "Check port and tls: another port may be the one with TLS.")
    }

    // MARK: one message

    private mutating func send(_ message: Submission) async {
        let transport: any Transport
        do {
            transport = try TransportFactory.make(policy, logger: Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            return report.failed("options", ProbeTrouble("\(error)", "Correct providers.yaml, or the file that it names."))
        }
        let running = Task { try await transport.run() }  // Unstructured: it ends with the cancellation below.
        let (answers, answer) = AsyncStream<SubmissionResult>.makeStream()
        transport.submit([message]) { results in for result in results { answer.yield(result) } }
        var iterator = answers.makeAsyncIterator()
        let result = await iterator.next()
        running.cancel()
        _ = await running.result
        if let result { report(result, to: message.to) }
    }

    private mutating func report(_ result: SubmissionResult, to address: String) {
        report.outcome = result.outcome
        let took =
            "after \(result.latency.components.seconds * 1000 + result.latency.components.attoseconds / 1_000_000_000_000_000) ms"
        switch result.outcome {
        case .accepted(let reference):
            report.done(
                "message",
                "accepted \(took)\(reference.map { ", reference \($0)" } ?? ""); whether it arrives, \(address) will show")
        case .deferred(let failure), .rejected(let failure):
            var trouble = ProbeTrouble(failure)
            trouble.detail = "\(result.outcome.name) \(took): \(trouble.detail)"
            report.failed("message", trouble)
        case .unknown(let failure):
            report.failed(
                "message",
                ProbeTrouble(
                    "it is unknown whether the provider took it: \(failure.code): \(failure.detail)",
                    "See whether \(address) has got it; look at the provider's log."))
        }
    }
}
