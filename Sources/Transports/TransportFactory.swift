import Callbacks
public import Domain
public import Logging

/// Makes the transport that a provider's policy names.
public enum TransportFactory {
    /// Names that `ProviderPolicy.transport` may have.
    static let transports = ["http", "sandbox", "smpp", "smtp", "twilio", "webhook"]

    /// A transport that is ready for `run()` and `submit`. Opens local files (outbox, CA, password, keys), no connection.
    ///
    /// - Parameters:
    ///   - events: where receipts, inbound texts, late answers and reports about mail go. Without one they are refused: carriers keep
    ///     them, and reports stay where they arrive.
    /// - Throws: `ProviderError`.
    public static func make(
        _ policy: ProviderPolicy, logger: Logger = Logger(label: "transport"),
        events: any ProviderEventSink = RefusingEventSink()
    ) throws -> any Transport {
        var logger = logger
        logger[metadataKey: "provider"] = "\(policy.name)"
        switch policy.transport {
        case "http": return try HTTPTransport(HTTPOptions(generic: policy), logger: logger)
        case "twilio": return try HTTPTransport(HTTPOptions(twilio: policy), logger: logger)
        case "webhook": return try HTTPTransport(HTTPOptions(webhook: policy), logger: logger)
        case "sandbox": return try SandboxTransport(SandboxOptions(policy), logger: logger)
        case "smpp": return try SMPPTransport(SMPPOptions(policy), logger: logger, events: events)
        case "smtp": return try SMTPTransport(SMTPOptions(policy), events: events, logger: logger)
        default: throw unknown(policy)
        }
    }

    /// Checks the options without touching files or network: what `config validate` can know.
    /// - Throws: `ProviderError`.
    public static func check(_ policy: ProviderPolicy) throws {
        switch policy.transport {
        case "http": _ = try HTTPOptions(generic: policy)
        case "twilio": _ = try HTTPOptions(twilio: policy)
        case "webhook": _ = try HTTPOptions(webhook: policy)
        case "sandbox": _ = try SandboxOptions(policy)
        case "smpp": _ = try SMPPOptions(policy)
        case "smtp": _ = try SMTPOptions(policy)
        default: throw unknown(policy)
        }
    }

    private static func unknown(_ policy: ProviderPolicy) -> ProviderError {
        .unknownTransport(provider: policy.name, transport: policy.transport, known: transports)
    }
}
