import Domain
import Rendering
import Settings
import Store

/// What Martlet's own tables say.
enum ClusterChecks {
    static func policy(_ stored: LoadPolicy.Stored?, templates: Int) -> (findings: [Finding], policy: Policy?) {
        guard let stored else {
            return ([.bad("policy", "none was ever applied", "Run `martlet config apply --config Config`.")], nil)
        }
        var findings: [Finding] = []
        var policy: Policy?
        do throws(OperationError) {
            policy = try stored.policy()
            findings.append(.ok("policy", "version \(stored.version), applied \(stored.appliedAt.shown) by \(stored.appliedBy)"))
        } catch {
            findings.append(.bad("policy", error.message, "Correct the files and run `martlet config apply`."))
        }
        findings.append(
            templates > 0
                ? .ok("templates", "\(templates) stored")
                : .bad("templates", "none stored", "Run `martlet templates push --config Config`."))
        return (findings, policy)
    }

    static func workers(_ workers: [ListWorkers.Worker], waiting: Int) -> [Finding] {
        let live = workers.filter { $0.state == "live" }
        let stale = workers.filter { $0.state == "stale" }
        var findings: [Finding] = []
        if live.isEmpty {
            let start = "Start martlet-worker; look at its log if it ends at once."
            findings.append(
                waiting > 0
                    ? .bad("workers", "none is live, \(waiting) messages wait", start) : .warn("workers", "none is live", start))
        } else {
            findings.append(.ok("workers", "\(live.count) live, \(live.reduce(0) { $0 + $1.inFlight }) messages in flight"))
        }
        if !stale.isEmpty {
            let named = stale.prefix(5).map { "\($0.worker) on \($0.host) (session \($0.session))" }.joined(separator: ", ")
            findings.append(
                .warn("stale_workers", "no beat for 10 s: \(named)", "Look at the process and its log; its messages are rescued.")
            )
        }
        let versions = Set(live.map(\.version)).sorted()
        if versions.count > 1 {
            findings.append(
                .warn(
                    "worker_versions", "several versions work together: \(versions.joined(separator: ", "))",
                    "Finish the upgrade."))
        }
        return findings
    }

    /// Whether all live workers send by what was applied last.
    static func policyUse(_ behind: [WorkersBehind.Worker], age: Duration) -> Finding? {
        // They look every second.
        guard !behind.isEmpty, age > .seconds(15) else { return nil }
        let named = behind.prefix(5).map { worker in
            let policy = worker.policy.map { "uses version \($0)" } ?? "does not say (version \(worker.version) of the program)"
            return "\(worker.worker) on \(worker.host) \(policy)\(worker.problem.map { ": \($0)" } ?? "")"
        }
        let text = "not all workers use the newest policy and templates: \(named.joined(separator: "; "))"
        return behind.contains { $0.problem != nil }
            ? .bad("policy_use", text, "Correct the files and run `martlet config apply --wait`, or upgrade these workers.")
            : .warn("policy_use", text, "Look at their logs; upgrade workers of an older version.")
    }

    /// Templates that no message without a locale of its own can be rendered with, whatever its sender.
    static func locales(_ templates: [ParsedTemplate], policy: Policy?) -> Finding {
        let locales = Set((policy?.senders.values.map(\.defaultLocale)) ?? [])
        let sets = Dictionary(grouping: templates) { "\($0.template.key) (\($0.template.channel))" }
        let uncovered = sets.filter { _, texts in
            let set = TemplateSet(texts)
            return !locales.contains { set.best(for: nil, sender: $0) != nil }
        }.keys.sorted()
        guard policy != nil, !uncovered.isEmpty else {
            return .ok("template_locales", "each template has a text for some sender")
        }
        return .warn(
            "template_locales",
            "\(uncovered.count) templates have no text for the locale of any sender (\(locales.sorted().joined(separator: ", "))) and none called default: \(uncovered.prefix(5).joined(separator: ", "))",
            "Push a text for one of these locales, or one called default: a message that names no locale is refused or dies.")
    }

    /// What providers said about messages that were never found.
    static func events(_ counts: [UnmatchedEvents.Count]) -> Finding {
        let lost = counts.filter { $0.events > $0.waiting }
        guard !lost.isEmpty else { return .ok("events", "each matches a message, or is tried again") }
        let named = lost.prefix(5).map {
            "\($0.events - $0.waiting) \($0.kind) of \($0.provider) (\($0.reason)), the newest at \($0.newest.shown)"
        }
        return .warn(
            "events", "match no message: \(named.joined(separator: "; "))",
            "select * from martlet.unmatched_events. Does another system use the same account? Are its callback options those of the provider's documentation? They are forgotten after some days."
        )
    }

    static func lanes(_ lanes: [ListLanes.Lane], policy: Policy?, troubled: [String], now: Timestamp) -> [Finding] {
        var findings = lanes.filter { $0.pausedAt != nil }.map { lane in
            Finding.warn(
                "lane_\(lane.lane)", "paused by \(lane.pausedBy ?? "?"): \(lane.pauseReason ?? "")",
                "`martlet lanes resume \(lane.lane) --why …` when the reason is gone.")
        }
        for lane in lanes where lane.pausedAt == nil {
            guard let oldest = lane.oldest, now > oldest else { continue }
            let age = now - oldest
            // Lane 0 promises seconds, 1 and 2 about a minute, the rest hours; where it waits longer somebody should look.
            let promise: Duration = [0: .seconds(3), 1: .seconds(10), 2: .seconds(60)][lane.lane] ?? .seconds(3600)
            guard age > promise else { continue }
            let ttl = policy?.classes.values.filter { $0.lane == lane.lane }.map(\.timeToLive).min()
            let text = "\(lane.ready) ready, the oldest enqueued \(age.rough) ago"
            let remedy =
                troubled.isEmpty
                ? "Start more workers, or look at the providers' rates (`martlet lanes`, `martlet providers`)."
                : "More workers do not help: \(troubled.prefix(5).joined(separator: ", ")) takes less than it should, see above."
            let isExpiring = ttl.map { age * 2 > $0 } ?? false
            findings.append(
                isExpiring || lane.lane == 0 ? .bad("lane_\(lane.lane)", text, remedy) : .warn("lane_\(lane.lane)", text, remedy))
        }
        if findings.isEmpty { findings.append(.ok("lanes", "none paused, none late")) }
        return findings
    }

    static func queue(_ facts: QueueFacts.Answer) -> [Finding] {
        let maintenance = "Maintenance runs inside the workers: is one live? Its log says what keeps it."
        return [
            facts.overdueLeased == 0
                ? .ok("leases", "none overdue")
                : .bad("leases", "\(facts.overdueLeased) leased messages are overdue and no worker rescues them", maintenance),
            facts.overdueDue == 0
                ? .ok("due", "none late")
                : .bad("due", "\(facts.overdueDue) due messages are more than a minute late", maintenance),
            facts.daysAhead >= 7
                ? .ok("partitions", "\(facts.daysAhead) days ahead")
                : .bad(
                    "partitions", "only \(facts.daysAhead) days ahead",
                    "Start a worker, or run select martlet_data.create_partitions(14) as martlet_admin."),
            facts.defaultRows == 0
                ? .ok("default_partitions", "empty")
                : .warn(
                    "default_partitions", "\(facts.defaultRows) rows or more",
                    "Partitions were missing when these came; they stay readable, but that default partition is never dropped."),
            facts.missingTimeZones == 0
                ? .ok("time_zones", "up to date")
                : .warn(
                    "time_zones", "\(facts.missingTimeZones) names differ between the server and the zones that enqueue takes",
                    "A server upgrade changed them. Workers take them over within the hour; at once: select martlet_data.refresh_time_zones() as martlet_admin."
                ),
        ]
    }

    /// - Parameter overdue: days that have been old for a day already.
    static func retention(_ held: [HeldDays.Day], overdue: [HeldDays.Day]) -> Finding {
        let stuck = overdue.filter { $0.why == nil }
        if let oldest = stuck.first {
            return .bad(
                "retention",
                "nothing holds \(stuck.count) old days, and no worker drops them; the oldest is \(oldest.day)",
                "A live worker with worker.maintenance: true drops them within the hour. Where one is live its log says what keeps it (\"retention\")."
            )
        }
        let kept = held.filter { $0.why != nil }
        guard let oldest = kept.first, let why = oldest.why else {
            return .ok("retention", "no day is kept for longer than messages are")
        }
        let others = kept.dropFirst().prefix(4).map { "\($0.day): \($0.why ?? "")" }
        return .warn(
            "retention",
            "\(kept.count)\(kept.count == 50 ? " or more" : "") old days are kept; \(oldest.day): \(why)"
                + others.map { "; \($0)" }.joined(),
            "`martlet dead-letters list` and requeue or discard what is old; what is scheduled goes by itself when its time has come."
        )
    }

    static func rings(_ rings: [RingFacts.Ring]) -> [Finding] {
        rings.map { ring in
            let text = "\(ring.inUse) of \(ring.parts) parts in use, \(ring.bytes / 1_048_576) MiB"
            return ring.inUse <= 64
                ? .ok("ring_\(ring.kind)", text)
                : .warn(
                    "ring_\(ring.kind)", text,
                    "A long transaction or a paused lane pins parts, or much is waiting: see transactions and lanes above.")
        }
    }

    static func transactions(_ sessions: [OldTransactions.Session], of name: String, seesAll: Bool) -> Finding {
        let remedy = "End them (select pg_terminate_backend(pid)): they keep dead rows and parts from being given back."
        let named = sessions.prefix(5).map { "pid \($0.pid) \($0.user) \($0.application) \($0.state) since \($0.age.rough)" }
        let found = sessions.isEmpty ? "none older than a minute" : named.joined(separator: "; ")
        guard seesAll else {
            return .warn(
                "transactions", "of \(name): \(found); could not look at those of other roles",
                (sessions.isEmpty ? "" : remedy + " ") + "grant pg_monitor to \(name), or run the doctor as a role that has it.")
        }
        return sessions.isEmpty ? .ok("transactions", found) : .warn("transactions", found, remedy)
    }

    /// Somebody may have said STOP in a way that no program understood.
    static func unreadable(_ counts: [UnreadableTexts.Count]) -> Finding {
        guard !counts.isEmpty else { return .ok("inbound_texts", "all can be read") }
        let named = counts.prefix(5).map { "\($0.texts) of \($0.provider), the newest at \($0.newest.shown)" }
        return .warn(
            "inbound_texts", "no program can read \(named.joined(separator: "; "))",
            "select * from martlet.inbound_texts where body is null: read the octets, call martlet.suppress for each person who opted out, and ask the carrier about data_coding, or describe the new kind in the provider's text_… options."
        )
    }

    static func deadLetters(_ count: CountDeadLetters.Answer) -> Finding {
        guard count.total > 0 else { return .ok("dead_letters", "none") }
        let reasons = count.reasons.prefix(8).map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        return .warn("dead_letters", "\(count.total): \(reasons)", "`martlet dead-letters list`; each says what to do about it.")
    }
}
