import Domain
import Text
import Transports

/// Connects to a provider, logs in, says what it offers and, if asked, sends one message. It looks from the machine that it runs on. The message
/// passes by queue, consent, caps and quiet hours, and nothing is recorded.
public struct TestProvider: UseCase {
    public static let role = Role.admin

    public struct Step: Sendable {
        public enum Result: String, Sendable { case done, failed, skipped }
        /// `options`, `resolve`, `connect`, `tls`, `login`, `message`.
        public var name: String
        public var result: Result
        public var detail: String
        public var remedy: String?
    }
    public struct Offer: Sendable {
        public var name: String
        public var value: String
    }
    public struct Output: Sendable {
        public var provider: String
        public var transport: String
        public var steps: [Step]
        public var offers: [Offer]
        /// Of the message, where one was sent.
        public var outcome: Outcome?
        public var isGood: Bool { !steps.contains { $0.result == .failed } }
        /// Nothing failed but the message.
        public var isReached: Bool { steps.allSatisfy { $0.result != .failed || $0.name == "message" } }
    }

    public var provider: String
    /// Address for the message.
    public var to: String?
    /// Sends one message: it may cost money.
    public var sends: Bool
    public var text: String
    /// Key; nil: the policy's.
    public var sender: String?
    /// nil: what fits the address and the provider.
    public var channel: Channel?
    public init(provider: String, to: String?, sends: Bool, text: String, sender: String?, channel: Channel?) {
        self.provider = provider
        self.to = to
        self.sends = sends
        self.text = text
        self.sender = sender
        self.channel = channel
    }

    public func perform(in context: OperationContext) async throws -> Output {
        try await run(with: try await context.currentPolicy().policy)
    }

    /// By a policy of the caller's, without a cluster.
    public func run(with policy: Policy) async throws(OperationError) -> Output {
        guard let account = policy.providers[provider] else {
            throw OperationError(
                .notFound, "The policy has no provider \(provider).",
                hint: "It has \(policy.providers.keys.sorted().joined(separator: ", ")).")
        }
        let message = sends ? try TestMessage(self, policy, account).submission(account) : nil
        return Output(await TransportFactory.probe(account, message: message))
    }
}

extension TestProvider.Output: JSONConvertible {
    init(_ report: ProbeReport) {
        provider = report.provider
        transport = report.transport
        steps = report.steps.map { step in
            let result: TestProvider.Step.Result =
                switch step.result {
                case .done: .done
                case .failed: .failed
                case .skipped: .skipped
                }
            return TestProvider.Step(name: step.name, result: result, detail: step.detail, remedy: step.remedy)
        }
        offers = report.offers.map { TestProvider.Offer(name: $0.name, value: $0.value) }
        outcome = report.outcome
    }

    public var json: JSONValue {
        [
            "provider": .string(provider), "transport": .string(transport), "good": .bool(isGood),
            "steps": .list(steps) {
                [
                    "name": .string($0.name), "result": .string($0.result.rawValue), "detail": .string($0.detail),
                    "remedy": .text($0.remedy),
                ]
            },
            "offers": .list(offers) { ["name": .string($0.name), "value": .string($0.value)] },
            "outcome": outcome?.json ?? .null,
        ]
    }
}

extension Outcome {
    fileprivate var json: JSONValue {
        var reference: String?
        if case .accepted(let id) = self { reference = id }
        return [
            "result": .string(name), "reference": .text(reference), "code": .text(failure?.code),
            "detail": .text(failure?.detail), "blame": .text(failure?.blame.rawValue),
        ]
    }
}
