import Domain

@testable import Postgres
@testable import Store

/// Every statement of the binaries with sample parameters. `EveryStatementTests` prepares and runs them all on a migrated database; one that
/// is missing here fails a test.
///
/// The samples speak of message 1, leased in segment 1 at the first place by session 1 with claim 1.
enum Statements {
    static var all: [any Statement] {
        queue + admission + recording + events + links + maintenance + policies + administration + importing + campaigns
            + journeys + journeySteps
            + migrating
    }

    static let message = MessageID(1)
    static let then = Timestamp(microseconds: 1_750_000_000_000_000)
    static let lease = Lease(
        part: 1, row: LeasedRow(tid: PQTID(block: 0, offset: 1)), messageID: message, lane: 0, attempt: 1, countedAttempts: 0,
        resends: 0,
        workerCrashes: 0, series: 0, session: 1, claim: 1, deadline: then)

    static var queue: [any Statement] {
        var handBack = HandBack(part: 1)
        handBack.add(lease)
        return [
            ClaimReady(
                part: 1, lane: 0, from: 0, limit: 10, session: 1, claim: 2, lease: .seconds(30), leasedPart: 1),
            handBack, LeasedBySession(part: 1, session: 1), LoadRequeues(messageIDs: [message]), QueueProbe(), LoadRingParts(),
            WatchQueue(elects: false, holds: false, sleeps: false, promotes: true), MayNotify(),
            WaitForMessages(sequence: 0, open: [1], poll: .milliseconds(2), timeout: .milliseconds(10), promotes: true),
            TakeRate(provider: "p", rate: 10, want: 1, need: 1, horizon: .milliseconds(400)),
            TakeAllRates([TakeRate(provider: "p", rate: 10, want: 1, need: 1, horizon: .milliseconds(400))]),
            LoadProviderStates(session: 1),
            TakeConnections(provider: "p", limit: 4, session: 1, needed: 0, most: 2),
            WriteProviderHealth(
                session: 1,
                seen: [
                    ProviderSeen(
                        provider: "p", circuit: "open", reason: "connect_refused", accepted: 1, failed: 0, throttled: 0,
                        refused: 0,
                        latency: .milliseconds(5), unanswered: 1, waiting: 0)
                ]),
            LoadPausedLanes(), BeginSession(worker: "w", host: "h", pid: 1, version: "1"),
            WriteSessionPolicy(session: 1, policy: 1, templates: "1 1", problem: "x"),
            Beat(session: 1, inFlight: 0, isDraining: false), EndSession(session: 1), QueueIsEmpty(), ServerUp(),
        ]
    }

    static var admission: [any Statement] {
        var attempts = InsertAttempts(session: 1, admittedAt: then)
        attempts.messageIDs = [message]
        attempts.attempts = [2]
        attempts.providers = ["p"]
        attempts.sendBys = [then]
        attempts.templateVersions = [1]
        attempts.segments = [1]
        attempts.costs = [nil]
        attempts.currencies = [nil]
        var update = UpdateCapUsage()
        update.recipientKeys = ["+8613800138000"]
        update.hits = [[UInt8](repeating: 0, count: CapLedger.bytesPerHit)]
        var insert = InsertCapUsage()
        insert.recipientKeys = ["somebody new"]
        insert.hits = update.hits
        var release = ReleaseSlots()
        release.recipientKeys = ["+8613800138000"]
        release.messageIDs = [message]
        release.attempts = [1]
        let day = BudgetUsage(unit: "EUR", used: 1, start: then, end: then + .seconds(86_400))
        var updateBudget = UpdateBudgetUsage()
        updateBudget.add("daily", day)
        var releaseBudgets = ReleaseBudgets()
        releaseBudgets.add(message, attempt: 1)
        var surveys = OpenSurveys()
        surveys.rows = [
            .init(
                messageID: message, attempt: 1, channel: .sms, address: "+8613800138000", sender: "Shop",
                template: Template(key: "ask", locale: "default", channel: .sms, body: "?"), openedAt: then, until: then)
        ]
        var links = InsertMessageLinks()
        links.add(message, targets: ["https://shop.example/new", "https://shop.example/"], expiresAt: then)
        return [
            surveys, LockBudgetUsage(keys: ["daily"]), CreateBudgetUsage(keys: ["some new budget"]), updateBudget, releaseBudgets,
            PurgeBudgetUsage(keep: .seconds(86_400)), DecideFollowUps(limit: 10), PurgeFollowUps(keep: .seconds(86_400)),
            AdmitLock(session: 1, buckets: [1, 2]), OpenOptOuts(),
            HoldOptOuts(keys: [.message(1), .group(2), .wide(3), .address(4, channelID: 1, scope: 0)]), RecordLock(session: 1),
            LockCapUsage(recipientKeys: ["+8613800138000"]),
            AdmitFacts(
                part: 1, session: 1, rows: [lease.row], messageIDs: [message], addresses: ["+8613800138000"],
                consentKeys: ["+8613800138000"], groupKeys: ["g"], attemptedIDs: [message],
                runs: [RunPlace(run: 1, zone: "Asia/Kolkata")]),
            LocalHours(queries: [.init(zone: "Asia/Shanghai", quietHours: QuietHours(from: 1320, until: 480))]),
            attempts, links, update, insert, release,
        ]
    }

    static var recording: [any Statement] {
        var finish = Finish(part: 1)
        finish.add(lease, kind: "accepted", attempt: 1, provider: "p", reference: "r")
        var accepted = FinishAccepted(part: 1, session: 1)
        accepted.add(lease, attempt: 1, provider: "p", reference: "r")
        var deferMessage = DeferMessages(part: 1)
        deferMessage.add(
            lease, until: then, reason: "retry", attempt: 1, countedAttempts: 1, resends: 0, receipt: "deferred",
            answeredAttempt: 1)
        var receipts = InsertReceipts()
        receipts.add(message, kind: "unknown", attempt: 1)
        var dead = InsertDeadLetters(part: 1)
        dead.add(
            lease, attempt: 1, provider: nil,
            reason: DeadLetterReason(code: "rejected", explanation: "It was rejected.", remedy: "Ask."))
        var suppressions = InsertSuppressions()
        suppressions.channels = ["sms"]
        suppressions.addresses = ["+8613800138001"]
        suppressions.scopes = ["all"]
        suppressions.reasons = ["hard_bounce"]
        return [
            accepted, finish, deferMessage, receipts, dead, EraseBodies(messageIDs: [message]), suppressions,
            ReopenUnsent(messageIDs: [message]),
        ]
    }

    static var events: [any Statement] {
        var ids = InsertCarrierIDs()
        ids.add("0A1", folded: "a1", provider: "p", recipient: nil, messageID: message, attempt: 1, part: 1, parts: 2)
        var handOvers = FindHandOvers()
        handOvers.add(message, attempt: 1, provider: "p")
        var conclusions = ConcludeParts()
        conclusions.add(message, attempt: 1, parts: 2, provider: "p")
        var suppressions = SuppressRecipients()
        suppressions.add(message, scope: "all", reason: "hard_bounce")
        var keywords = ApplyKeywords()
        keywords.add("+8613800138000", scope: nil, word: "START")
        var receipts = InsertCarrierReceipts([.init(messageID: message, attempt: 1, kind: "delivered", part: 0, provider: "p")])
        receipts.published = ["delivered"]
        conclusions.published = ["delivered", "undelivered"]
        var surveys = FindSurveys()
        surveys.add("+8613800138000", channel: .sms)
        return [
            surveys, ConfirmConsents(messageIDs: [message], method: "double_opt_in_text"),
            PurgeSurveys(keep: .seconds(1)),
            EventLock(buckets: [1, 2]), FindCarrierIDs(folded: ["a1"], providers: ["p"], since: .seconds(86_400)), handOvers, ids,
            receipts, conclusions, ParkEvents([.init(provider: "p", kind: "receipt", payload: "{}", reason: "no_match")]),
            ResolveUnknownOutcome(messageIDs: [message]), suppressions,
            InsertInboundTexts([
                .init(
                    provider: "p", sender: "+44", recipient: "1", body: nil, octets: [1], dataCoding: 4, reference: 7, part: 1,
                    parts: 2)
            ]), TakeParkedEvents(), CountParkedEvents(), PurgeParkedEvents(keep: .seconds(1)),
            PurgeInboundTexts(keep: .seconds(1)), keywords,
        ]
    }

    /// What people click.
    static var links: [any Statement] {
        [
            FindUnsubscribing(messageID: message), Unsubscribe(messageID: message, scope: "marketing"),
            FindMessageLinks(messageID: message), InsertLinkHits([LinkHit(message, link: 1, machine: nil)]), JudgeLinkHits(),
            DropLinkHit(),
        ]
    }

    static var maintenance: [any Statement] {
        [
            RescuableSessions(), DaysToCount(), CountDay(day: "2025-06-01"), DueWork(asksForRescue: true), RescueLock(session: 1),
            FenceSession(session: 1),
            AttemptStates(messageIDs: [message]), FindSettled(messageIDs: [message]),
            PromoteDue(part: 1), AddRingPart(kind: .ready, lane: 1), AdvanceRing(kind: .ready, lane: 0),
            RetireRingPart(kind: .ready, part: 2), TryDuty(duty: 1),
            MeasureLevels(span: .seconds(60)), LoadLevels(), CreatePartitions(),
            PurgeIdempotencyKeys(keep: .seconds(0)), OldDays(keep: .seconds(86_400)), DropDay("20250101"),
            HeldDays(keep: .seconds(86_400)),
            RefreshTimeZones(), PurgeCancellations(keep: .seconds(0)), PurgeGroupCancellations(keep: .seconds(0)),
            PurgeRequeues(keep: .seconds(0)), PurgeSessions(keep: .seconds(0)), PurgeDeadLetters(keep: .seconds(86_400)),
            PurgeCapUsage(after: ""), WorkOnJobs(), PurgeJobMessages(keep: .seconds(0)), PurgeJobs(keep: .seconds(0)),
            RefuseFollowUp(), MessagesThatAreOver(messageIDs: [message]),
            ReleaseChunk(room: 10), CloseRuns(), SettleCodes(after: 0), DropMembers(keep: .seconds(86_400)),
        ]
    }

    static var policies: [any Statement] {
        let retry = RetrySchedule(attempts: 3, base: .seconds(1), limit: .seconds(2))
        return [
            LoadPolicy(), LoadReplacedPolicies(since: .seconds(86_400)), LoadNumbers(), LoadRetiredClasses(names: ["otp"]),
            CountWaiting(classes: ["otp"]),
            InsertPolicy(files: #"{"a.yaml": "x: 1"}"#, note: nil, longestWindow: .seconds(86_400)),
            UpsertClasses(classes: [ClassPolicy(name: "otp", lane: 0, timeToLive: .seconds(300), retry: retry)]),
            UpsertSenders(senders: [Sender(key: "shop", timeZone: "Etc/UTC", defaultLocale: "en")], defaultSender: "shop"),
            UpsertChannels(channels: [Channel(rawValue: "push")]),
            PushTemplates(templates: [Template(key: "new", locale: "en", channel: .sms, body: "Hi", required: ["a", "b"])]),
            LoadTemplates(), PolicyStamp(), WorkersBehind(),
            UpsertBudgets(budgets: [
                BudgetRule(
                    name: "daily", classes: ["otp"], channels: [.sms], timeZone: "Etc/UTC", unit: .money(currency: "EUR"),
                    limit: 1_000_000,
                    over: .defer)
            ]), UpsertReceiptPromises(promises: [("p", .seconds(86_400))]),
            UpsertWebhooks(webhooks: [WebhookEndpoint(name: "shop", events: ["inbound.received"])]),
        ]
    }

    static var administration: [any Statement] {
        let filter = DeadLetterFilter()
        let address = "+8613800138000"
        return [
            CountDeadLetters(filter: filter), ListDeadLetters(filter: filter, limit: 10),
            DeadLetterIDs(filter: filter, after: MessageID(0), limit: 10), LoadDeadLetter(id: message),
            CreateJob(action: "discard", why: "x", messages: .matching(filter), selection: "{}", options: "{}", perSecond: 10),
            EndJob(job: 1, why: "x"), ReopenJob(job: 1, why: "x"), ListJobs(limit: 10),
            ListJobMessages(job: 1, result: "waiting", after: MessageID(0), limit: 10),
            FindMessages(recipient: address, channel: "sms", addressSince: nil, limit: 10), LoadMessageOverview(id: message),
            LoadVariables(id: message), LoadAttempts(id: message), LoadReceipts(id: message), LoadTargets(id: message),
            LoadAudit(object: "1"),
            ListSuppressions(address: address, channel: "sms", includesLifted: true, limit: 10),
            Suppress(channel: "sms", address: address, scope: "all", reason: "asked"),
            Unsuppress(channel: "sms", address: address, why: "asked", scope: nil), LoadCapUsage(recipientKey: address),
            CalendarWindows(timeZone: "Asia/Shanghai"), PauseLane(lane: 3, why: "x"), ResumeLane(lane: 3, why: "x"),
            LoadCluster(), SetCluster(number: 3, why: "x"),
            ListProviders(), WaitingMessages(limit: 10),
            OrderProvider("a", .moved(to: "b"), why: "x"), ListLanes(),
            LaneCounters(), ListWorkers(all: true), LoadThroughput(), ClassLevels(since: .seconds(3600)),
            ProviderLevels(since: .seconds(3600)), ProviderUsage(since: then), MissingReceipts(since: .seconds(3600)),
            ListBudgets(limit: 10),
            LoadReport(scope: ReportScope(since: then)), LoadOptOuts(scope: ReportScope(since: then), within: .seconds(3600)),
            ListMessages(filter: MessageFilter(), before: MessageID(.max), most: 10),
            LoadMessageOverviews(ids: [message], state: "due", limit: 10),
            CancelOne(id: message), CancelGroup(group: "g"), KnownWords(),
            ListAudit(filter: AuditFilter(), before: .max, most: 10, limit: 10), AuditWords(),
            ListInbound(sender: nil, before: .max, limit: 10),
            DeadWebhooks(),
            PickupTimes(messageIDs: [message]),
            PolicyHistory(limit: 10),
            ListTemplates(key: nil, channel: nil), InsertAudit(action: "try", object: "1", why: nil, detail: "{}"),
            LockConfiguration(), CurrentRights(), HasRole(role: "martlet_worker"), ServerFacts(), QueueFacts(), RingFacts(),
            OldTransactions(), UnreadableTexts(), ServerLimits(), InactiveSlots(), StandbyFacts(), DiskFacts(), JITSettings(),
            UnmatchedEvents(),
        ]
    }

    static var importing: [any Statement] {
        [
            ImportBegin(name: "file", beginning: [1]), FileDigest(bytes: [1, 2]), BulkSavepoint(), BulkRelease(), BulkRollback(),
            ImportAdvance(name: "file", fromLine: 0, toLine: 1, enqueued: 1, isFinished: true), EnqueueOne(BulkRow()),
            EnqueueRows(rows: []), FollowUpRows(messageIDs: [], followUps: []),
        ]
    }

    static var migrating: [any Statement] {
        [
            HasMigrations(), MigrationLock(), AppliedMigrations(texts: ["select 1"]), ResetRole(), BecomeOwner(),
            AppliedObjects(objects: [SQLObject(name: "martlet.try_it", sql: "select 1")]),
            RecordObjects(objects: [SQLObject(name: "martlet.try_it", sql: "select 1")]),
            RecordMigration(migration: Migration(version: 9999, name: "9999_try_it.sql", sql: "select 1")),
            ReplaceChecksum(version: 9999, checksum: "x"), ObjectDefinitions(names: ["martlet.enqueue", "martlet.lanes"]),
            SeedHandOvers(count: 3, provider: "p"),
        ]
    }
}
