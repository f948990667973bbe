import ArgumentParser
import Domain
import Foundation
import Rendering
import Transports

struct ProvidersTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Connect to a provider, log in, show what it offers; send one message if asked.",
        discussion: """
            Connects from this machine, with the files that the policy names: run it where a worker runs. Every step says what it found,
            and what to do when it fails: wrong password, certificate, blocked port, bind refused, sender not allowed. Without --send
            nothing is sent. The message goes straight to the provider: no consent, cap or quiet hour is checked, and nothing is
            recorded.

            EXAMPLES
              martlet providers test mailhub
              martlet providers test carrier --to +8613800138000 --send
              martlet providers test mailhub --config Config --to me@example.com --send --text 'Hello from Martlet'
              martlet providers test twilio --json | jq '.steps[] | select(.result == "failed")'

            EXIT CODES
              0   every step that was tried succeeded
              1   no such provider, or a step failed
              2   the provider can be used, but did not accept the message
              (others: martlet --help)
            """)
    @Argument(help: "Name of the provider in providers.yaml.")
    var name: String
    @Option(name: .long, help: "Address for the message; with --send.")
    var to: String?
    @Flag(name: .long, help: "Send one message to --to: it may cost money.")
    var send = false
    @Option(name: .long, help: "What it says.")
    var text = "Test message of Martlet: this provider works."
    @Option(name: .long, help: "Key of the sender; left out: the policy's.")
    var sender: String?
    @Option(name: .long, help: "Channel of the message; left out: what fits --to and the provider.")
    var channel: String?
    @Option(
        name: .long, help: ArgumentHelp("Take the policy from here, not from the database.", valueName: "dir"),
        completion: .directory)
    var config: String?
    @OptionGroup var shared: SharedOptions

    func validate() throws {
        if send, to == nil { throw ValidationError("--send needs --to.") }
        if text.isEmpty { throw ValidationError("--text is empty.") }
    }

    func run() async throws {
        let policy = try await source()
        guard let provider = policy.providers[name] else {
            throw AdminError(
                .notFound, "The policy has no provider \(name).",
                hint: "It has \(policy.providers.keys.sorted().joined(separator: ", ")).")
        }
        let message = send ? try TestMessage(self, policy, provider).submission(provider) : nil
        let report = await TransportFactory.probe(provider, message: message)
        if shared.json { Terminal.out.json(report.json) } else { show(report) }
        guard !report.isGood else { return }
        let isReached = report.steps.allSatisfy { $0.result != .failed || $0.name == "message" }
        throw ExitCode((isReached ? AdminExit.refused : .notFound).rawValue)
    }

    private func source() async throws -> Policy {
        if let config { return try ConfigDirectory(config).load().policy }
        return try await shared.withDatabase(.admin) { try await currentPolicy($0).policy }
    }

    private func show(_ report: ProbeReport) {
        let out = Terminal.out
        out.line("\(report.provider) (\(report.transport))", .bold)
        for step in report.steps {
            let (word, style): (String, Style) =
                switch step.result {
                case .done: ("ok", .green)
                case .failed: ("failed", .red)
                case .skipped: ("skipped", .yellow)
                }
            let head = out.styled(word.padding(toLength: 9, withPad: " ", startingAt: 0), style)
            out.line(head + step.name.padding(toLength: 9, withPad: " ", startingAt: 0) + Printable.line(step.detail))
            if let remedy = step.remedy { out.line(String(repeating: " ", count: 18) + "→ " + Printable.line(remedy)) }
        }
        for offer in report.offers { out.line("offers   \(offer.name): \(Printable.line(offer.value))", .dim) }
        if send == false, to != nil { out.line("nothing was sent: add --send", .yellow) }
    }
}

/// The message of `providers test`.
struct TestMessage {
    private let to: String
    private let text: String
    private let channel: Channel
    private let sender: Sender

    /// - Throws: `AdminError` when the policy has no such sender, or the provider does not carry the channel.
    init(_ command: ProvidersTest, _ policy: Policy, _ provider: ProviderPolicy) throws {
        to = typedAddress(command.to ?? "")
        text = command.text
        let key = command.sender ?? policy.defaultSender
        guard let sender = policy.senders[key] else {
            throw AdminError(
                .notFound, "The policy has no sender \(key).",
                hint: "It has \(policy.senders.keys.sorted().joined(separator: ", ")).")
        }
        self.sender = sender
        let likely: Channel = to.contains("@") ? .email : .sms
        channel =
            command.channel.map { Channel(rawValue: $0) } ?? (provider.channels.contains(likely) ? likely : provider.channels[0])
        guard provider.channels.contains(channel) else {
            throw AdminError(
                .refused, "Provider \(provider.name) does not carry \(channel).",
                hint: "Its channels: \(provider.channels.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    /// Ids below zero are nobody's: what the provider reports about them later finds no message.
    func submission(_ provider: ProviderPolicy) throws -> Submission {
        let now = ContinuousClock.now
        let sendBy = now + max(provider.sendWithin, .seconds(15))
        return Submission(
            messageID: MessageID(-Int64(Date().timeIntervalSince1970 * 1_000_000)), attempt: 1, to: to, rendered: try rendered(),
            sendBy: sendBy, answerBy: sendBy + provider.timeout, validity: .seconds(600), messageClass: "test")
    }

    private func rendered() throws -> RenderedMessage {
        switch channel {
        case .sms:
            guard let from = sender.smsOrigin(for: to) else { throw cannot("sms_from") }
            return RenderedMessage(content: .sms(Segmentation.split(text)), from: from, templateVersion: 0)
        case .email:
            guard let from = sender.emailFrom else { throw cannot("email_from") }
            let mail = EmailContent(subject: "Test message of Martlet", text: text + "\n", replyTo: sender.replyTo)
            return RenderedMessage(content: .email(mail), from: from, fromName: sender.emailName, templateVersion: 0)
        default:
            return RenderedMessage(content: .http(text), from: sender.key, fromName: sender.emailName, templateVersion: 0)
        }
    }

    private func cannot(_ field: String) -> AdminError {
        AdminError(.refused, "Sender \(sender.key) has no \(field).", hint: "Add it in senders.yaml, or choose another --sender.")
    }
}

extension ProbeReport {
    var json: JSONValue {
        [
            "provider": .string(provider), "transport": .string(transport), "good": .bool(isGood),
            "steps": .list(steps) {
                [
                    "name": .string($0.name), "result": .string($0.result.rawValue), "detail": .string($0.detail),
                    "remedy": .text($0.remedy),
                ]
            },
            "offers": .list(offers) { ["name": .string($0.name), "value": .string($0.value)] },
            "outcome": outcome.map { outcome in
                let failure = outcome.failure
                var reference: String?
                if case .accepted(let id) = outcome { reference = id }
                return [
                    "result": .string(outcome.name), "reference": .text(reference), "code": .text(failure?.code),
                    "detail": .text(failure?.detail), "blame": .text(failure?.blame.rawValue),
                ]
            } ?? .null,
        ]
    }
}
