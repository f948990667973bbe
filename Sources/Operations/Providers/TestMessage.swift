import Domain
import Foundation
import Rendering
import Transports

/// The message of `TestProvider`.
struct TestMessage {
    private let to: String
    private let text: String
    private let channel: Channel
    private let sender: Sender

    /// - Throws: `OperationError` when the policy has no such sender, or the provider does not carry the channel.
    init(_ test: TestProvider, _ policy: Policy, _ provider: ProviderPolicy) throws(OperationError) {
        to = typedAddress(test.to ?? "")
        text = test.text
        let key = test.sender ?? policy.defaultSender
        guard let sender = policy.senders[key] else {
            throw OperationError(
                .notFound, "The policy has no sender \(key).",
                hint: "It has \(policy.senders.keys.sorted().joined(separator: ", ")).")
        }
        self.sender = sender
        let likely: Channel = to.contains("@") ? .email : .sms
        channel =
            test.channel ?? (provider.channels.contains(likely) ? likely : provider.channels[0])
        guard provider.channels.contains(channel) else {
            throw OperationError(
                .refused, "Provider \(provider.name) does not carry \(channel).",
                hint: "Its channels: \(provider.channels.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    /// Ids below zero belong to no message: what the provider reports about them later finds no message.
    func submission(_ provider: ProviderPolicy) throws(OperationError) -> Submission {
        let now = ContinuousClock.now
        let sendBy = now + max(provider.sendWithin, .seconds(15))
        return Submission(
            messageID: MessageID(-Int64(Date().timeIntervalSince1970 * 1_000_000)), attempt: 1, to: to, rendered: try rendered(),
            sendBy: sendBy, answerBy: sendBy + provider.timeout, validity: .seconds(600), messageClass: "test")
    }

    private func rendered() throws(OperationError) -> RenderedMessage {
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

    private func cannot(_ field: String) -> OperationError {
        OperationError(
            .refused, "Sender \(sender.key) has no \(field).", hint: "Add it in senders.yaml, or choose another --sender.")
    }
}
