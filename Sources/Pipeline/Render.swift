import Callbacks
import Domain
import Rendering
import Store
import Text
import Transports

/// A claimed message with everything its later stages need. Made by Render; passes through Admit and Send to Record.
///
/// A class, though it never changes: it stands in half a dozen lists on its way, and copying its texts each time would cost more
/// than rendering them.
package final class Work: Sendable {
    let lease: Lease
    let classID: Int16
    let channelID: Int16
    let hashes: LockHashes
    let producer: String
    let message: Message
    let policy: ClassPolicy
    let provider: ProviderPolicy
    let rendered: RenderedMessage
    let cost: Estimate
    let zone: String
    /// Rules that limit it; a message that no rule limits takes no slot.
    let caps: [CapDecision.Rule]
    /// Budgets that it counts in; nearly always none.
    let budgets: [Budget]
    /// What its tracked links lead to; nearly always none.
    let links: [String]
    /// Its template, where that asks something; nearly always nil.
    let asked: AskedTemplate?

    /// Its lane, or where that is the quarantine the lane of its class: the first leaves first.
    var priority: Int16 { lease.lane == Claim.quarantineLane ? Int16(clamping: policy.lane) : lease.lane }

    /// Number of the attempt that Admit will commit.
    var attempt: Int16 { lease.nextAttempt }

    init(
        _ claimed: ClaimedMessage, message: Message, policy: ClassPolicy, provider: ProviderPolicy, rendered: RenderedMessage,
        cost: Estimate, zone: String, caps: [CapDecision.Rule], budgets: [Budget], links: [String] = [],
        asked: AskedTemplate? = nil
    ) {
        lease = claimed.lease
        classID = claimed.classID
        channelID = claimed.channelID
        hashes = claimed.hashes
        producer = claimed.producer
        self.message = message
        self.policy = policy
        self.provider = provider
        self.rendered = rendered
        self.cost = cost
        self.zone = zone
        self.caps = caps
        self.budgets = budgets
        self.links = links
        self.asked = asked
    }
}

/// Render: template + variables → text. Pure; a bug in a template costs neither an attempt nor a cap.
struct Render: Sendable {
    struct Answer: Sendable {
        var works: [Work] = []
        /// Messages that cannot be sent as they are, each with its reason.
        var failed: [(lease: Lease, provider: String?, reason: DeadLetterReason)] = []
        /// Warnings that a human should see, by code.
        var warnings: [String: Int] = [:]
    }

    let snapshot: PolicySnapshot
    /// Those of now; Admit looks again if one begins or ends meanwhile.
    let prices: PriceTable
    let router: Router
    /// What admins set when they requeued, by message.
    let overrides: [MessageID: LoadRequeues.Override]
    /// Which providers take messages now.
    var availability = Availability()

    func render(_ batch: [ClaimedMessage]) -> Answer {
        var answer = Answer()
        var availability = availability
        answer.works.reserveCapacity(batch.count)
        for claimed in batch {
            do {
                let (work, warnings) = try render(claimed, &availability)
                answer.works.append(work)
                for warning in warnings { answer.warnings[warning.code, default: 0] += 1 }
            } catch {
                answer.failed.append((claimed.lease, nil, error.reason))
            }
        }
        return answer
    }

    private func render(
        _ claimed: ClaimedMessage, _ availability: inout Availability
    ) throws(Unsendable) -> (Work, [RenderWarning]) {
        guard var message = claimed.message else { throw Unsendable(reason: .bodyMissing) }
        guard claimed.lease.attempt < Lease.mostAttempts else {
            throw Unsendable(reason: .tooManyAttempts(Int(claimed.lease.attempt)))
        }
        guard let policy = snapshot.classes[claimed.classID], let channel = snapshot.channels[claimed.channelID] else {
            throw Unsendable(
                reason: DeadLetterReason(
                    code: "unknown_class", explanation: "The policy no longer has the class of this message.",
                    remedy: "Apply a policy that has it, then requeue; or discard it."))
        }
        message.messageClass = policy.name
        message.channel = channel
        let override = claimed.lease.series > 0 ? overrides[message.id] : nil
        if let override {
            message.expiresAt = override.expiresAt
            message.variables = override.variables ?? message.variables
        }
        do {
            let sender = try snapshot.renderer.sender(for: message)
            let routed =
                override?.provider.flatMap({ snapshot.policy.providers[$0] })
                ?? router.provider(
                    for: message, sender: sender.key, tries: Int(claimed.lease.countedAttempts) + Int(claimed.lease.resends),
                    &availability)
            guard let provider = routed else { throw Unsendable(reason: .unroutable(channel)) }
            guard
                let template = snapshot.templates[.init(key: message.template, channel: channel)]?
                    .best(for: message.locale, sender: sender.defaultLocale)
            else {
                throw Unsendable(
                    reason: DeadLetterReason(
                        code: "no_template",
                        explanation:
                            "Template \(message.template) has no text on channel \(channel) for locale \(message.locale ?? sender.defaultLocale), and none called `default`.",
                        remedy: "Push a template for that locale, or a `default` one, then requeue."))
            }
            if template.confirmsByLink { try addConfirmURL(to: &message) }
            let rendered = try snapshot.renderer.render(
                message, template: template, provider: provider.name, approvesWords: override?.approvesWords ?? false)
            let work = Work(
                claimed, message: message, policy: policy, provider: provider, rendered: rendered.message,
                cost: prices.estimate(rendered.message, to: message.address, provider: provider.name),
                zone: message.timeZone ?? sender.timeZone,
                caps: snapshot.caps(classID: claimed.classID, channelID: claimed.channelID, tier: message.tier),
                budgets: snapshot.budgets(of: message, provider: provider.name), links: rendered.links,
                asked: template.asked)
            return (work, rendered.warnings)
        } catch let error as Unsendable {
            throw error
        } catch let error as RenderError {
            throw Unsendable(reason: DeadLetterReason(code: error.code, explanation: error.sentence, remedy: error.remedy))
        } catch {
            throw Unsendable(
                reason: DeadLetterReason(
                    code: "render", explanation: "\(error)", remedy: "Report this: Render throws only its own errors."))
        }
    }
}

extension Render {
    /// Of a name that occurs twice the last value counts: ours.
    private func addConfirmURL(to message: inout Message) throws(Unsendable) {
        guard let url = snapshot.confirmLinks.url(for: message.id, address: message.address) else {
            throw Unsendable(
                reason: DeadLetterReason(
                    code: "no_confirm_link",
                    explanation: snapshot.confirmLinks.problem
                        ?? "Its template has {{\(ConfirmLink.variable)}}, and the policy has no confirm.yaml.",
                    remedy: "Write url and secret_file into confirm.yaml, apply it, then requeue."))
        }
        guard let end = message.variables.lastIndex(of: "}"), let start = message.variables.firstIndex(of: "{"), start < end
        else {
            return  // no object: the renderer says so
        }
        let isEmpty = message.variables[start..<end].dropFirst().allSatisfy(\.isWhitespace)
        message.variables.insert(
            contentsOf: "\(isEmpty ? "" : ",")\(JSONString.quoted(ConfirmLink.variable)):\(JSONString.quoted(url))", at: end)
    }
}

/// Why a message became a dead letter before it was ever admitted.
struct Unsendable: Error {
    var reason: DeadLetterReason
}
