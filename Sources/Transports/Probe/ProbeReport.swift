public import Domain
import Text

/// What was found out about a provider, step by step, in words for people.
public struct ProbeReport: Sendable, Equatable {
    public struct Step: Sendable, Equatable {
        public enum Result: String, Sendable, Equatable {
            case done
            case failed
            /// Could not be tried, or was not asked for.
            case skipped
        }
        /// `options`, `resolve`, `connect`, `tls`, `login`, `message`.
        public var name: String
        public var result: Result
        /// What is so, in one sentence.
        public var detail: String
        /// What to do about it; nil: nothing.
        public var remedy: String?
    }
    /// One thing that the peer offers or says about itself.
    public struct Offer: Sendable, Equatable {
        public var name: String
        public var value: String
    }

    public var provider: String
    public var transport: String
    public private(set) var steps: [Step] = []
    public private(set) var offers: [Offer] = []
    /// Of the message, where one was sent.
    public var outcome: Outcome?

    init(_ policy: ProviderPolicy) {
        provider = policy.name
        transport = policy.transport
    }

    public var isGood: Bool { !steps.contains { $0.result == .failed } }

    mutating func done(_ name: String, _ detail: String) { steps.append(Step(name: name, result: .done, detail: detail)) }
    mutating func skipped(_ name: String, _ detail: String, _ remedy: String? = nil) {
        steps.append(Step(name: name, result: .skipped, detail: detail, remedy: remedy))
    }
    mutating func failed(_ name: String, _ trouble: ProbeTrouble) {
        steps.append(Step(name: name, result: .failed, detail: trouble.detail, remedy: trouble.remedy))
    }
    mutating func offers(_ name: String, _ value: String) {
        offers.append(Offer(name: name, value: String(value.withoutControls.prefix(300))))
    }
}

/// What is wrong, and what to do about it.
struct ProbeTrouble: Error, Equatable {
    var detail: String
    var remedy: String

    init(_ detail: String, _ remedy: String) {
        self.detail = detail
        self.remedy = remedy
    }

    /// The remedy for a failure that every transport may have.
    init(_ failure: Failure) {
        let remedy: String
        switch failure.code {
        case "connection_lost": remedy = "The peer hung up: check port and tls, and whether it admits this machine's address."
        case "timeout": remedy = "The peer accepted the connection and then said nothing: check port and tls."
        case "tls_unavailable": remedy = "Use another port, or tls: opportunistic or off if the network between is yours."
        case "tls_failed": remedy = "Correct host, tls_server_name or tls_ca_file, or have the certificate renewed."
        case "authentication_failed": remedy = "Correct user and the file with the password; some providers want an app password."
        case "authentication_in_clear": remedy = "Set tls: required."
        case "authentication_unavailable":
            remedy = "Use what the server offers: password_file for PLAIN and LOGIN, token_file for XOAUTH2."
        case "bind_timeout", "unbound_by_peer":
            remedy = "Check host and port, and whether the carrier admits this machine's address."
        case "private_address": remedy = "Correct the url, or set allow_private: true if the provider is in your own network."
        case "password_unreadable", "secret_unreadable":
            remedy = "Put the file there, readable for the worker's user only (chmod 600)."
        case let code where code.hasPrefix("smpp_bind_"):
            remedy =
                "Correct system_id, password_file, system_type and bind; ask the carrier which addresses and how many binds it admits."
        default: remedy = Self.remedy(failure.blame)
        }
        self.init("\(failure.code): \(failure.detail)", remedy)
    }

    private static func remedy(_ blame: Failure.Blame) -> String {
        switch blame {
        case .sender: "The provider does not let you use this sender: register it there, or correct sms_from, email_from or from."
        case .recipient: "The provider does not take this recipient: try another --to; trial accounts reach verified ones only."
        case .content: "The provider does not take this text: try another --text."
        case .provider: "Correct the credentials if it says so; else look at the provider's status page and try again."
        case .martlet: "The request is not what the provider expects: compare the options with its documentation."
        }
    }
}
