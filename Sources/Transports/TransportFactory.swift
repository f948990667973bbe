public import Domain
public import Logging

/// Makes the transport that a provider's policy names.
public enum TransportFactory {
    /// Names that `ProviderPolicy.transport` may have.
    public static let transports = ["http", "sandbox", "smpp", "smtp", "twilio"]

    /// A transport that is ready for `run()` and `submit`. Opens local files (outbox, CA, password, keys), no connection.
    ///
    /// - Parameters:
    ///   - events: where receipts, inbound texts and late answers go. Without one they are refused, and carriers keep them.
    ///   - mailEvents: where reports about mail go; nil: they are left where they arrive.
    /// - Throws: `TransportError`.
    public static func make(
        _ policy: ProviderPolicy, logger: Logger = Logger(label: "transport"), events: any CarrierEvents = RefusedCarrierEvents(),
        mailEvents: (any MailEvents)? = nil
    ) throws -> any Transport {
        var logger = logger
        logger[metadataKey: "provider"] = "\(policy.name)"
        switch policy.transport {
        case "http": return try HTTPTransport(HTTPOptions(generic: policy), logger: logger)
        case "twilio": return try HTTPTransport(HTTPOptions(twilio: policy), logger: logger)
        case "sandbox": return try SandboxTransport(SandboxOptions(policy), logger: logger)
        case "smpp": return try SMPPTransport(SMPPOptions(policy), logger: logger, events: events)
        case "smtp": return try SMTPTransport(SMTPOptions(policy), events: mailEvents, logger: logger)
        default: throw unknown(policy)
        }
    }

    /// Checks the options without touching files or network: what `config validate` can know.
    /// - Throws: `TransportError`.
    public static func check(_ policy: ProviderPolicy) throws {
        switch policy.transport {
        case "http": _ = try HTTPOptions(generic: policy)
        case "twilio": _ = try HTTPOptions(twilio: policy)
        case "sandbox": _ = try SandboxOptions(policy)
        case "smpp": _ = try SMPPOptions(policy)
        case "smtp": _ = try SMTPOptions(policy)
        default: throw unknown(policy)
        }
    }

    private static func unknown(_ policy: ProviderPolicy) -> TransportError {
        .unknownTransport(provider: policy.name, transport: policy.transport, known: transports)
    }
}
