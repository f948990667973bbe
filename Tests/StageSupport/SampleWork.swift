// A release build cannot see what tests see.
#if DEBUG
    import Domain
    import Postgres

    @testable import Pipeline
    @testable import Rendering
    @testable import Store

    extension ProviderQueue {
        /// A line that is given out for ever.
        package static let noRate: TakeRates = { _ in TakeRate.Answer(granted: 0, ahead: .seconds(60)) }
    }

    extension Work {
        /// A message to Ann in Shanghai that has been claimed and rendered.
        package static func sample(
            id: Int64 = 7, lane: Int16 = 3, policy: ClassPolicy = .sample, provider: ProviderPolicy,
            now: Timestamp = Timestamp(microseconds: 1_800_000_000_000_000), timeToLive: Duration = .seconds(3600),
            caps: [CapDecision.Rule] = [], cost: Estimate? = nil, budgets: [Work.Budget] = [],
            parts: [String] = ["hi"]
        ) -> Work {
            let lease = Lease(
                part: 1, row: LeasedRow(tid: .init(block: 0, offset: 1)), messageID: MessageID(id), lane: lane, attempt: 0,
                countedAttempts: 0,
                resends: 0, workerCrashes: 0, series: 0, session: 1, claim: 1, deadline: now)
            let message = Message(
                id: MessageID(id), messageClass: policy.name, channel: .sms, recipientKey: "ann", address: "+8613800138000",
                template: "note", groupKey: "g", createdAt: now - .seconds(60), expiresAt: now + timeToLive)
            let claimed = ClaimedMessage(
                lease: lease, classID: 3, channelID: 1, hashes: LockHashes(address: 1, message: 2, recipient: 3, group: 4),
                producer: "shop", message: message)
            let rendered = RenderedMessage(
                content: .sms(SMSText(text: "hi", encoding: .gsm7, parts: parts, units: 2)), from: "Shop", templateVersion: 1)
            return Work(
                claimed, message: message, policy: policy, provider: provider, rendered: rendered,
                cost: cost ?? PriceTable([], at: now).estimate(rendered, to: message.address, provider: provider.name),
                zone: "Asia/Shanghai",
                caps: caps, budgets: budgets)
        }
    }

    extension ClassPolicy {
        package static let sample = ClassPolicy(
            name: "marketing", lane: 3, timeToLive: .seconds(86_400),
            retry: RetrySchedule(attempts: 3, base: .seconds(1), limit: .seconds(9)))
    }
#endif
