import Domain
import Postgres

/// What Admit must know about a batch, read in one statement after all locks: only what stands against a message comes back.
public struct AdmitFacts: Statement {
    public var part: Int16
    public var session: Int32
    public var rows: [LeasedRow]
    public var messageIDs: [MessageID]
    /// Distinct keys of addresses (`Message.addressKey`); checked against the suppressions.
    public var addresses: [String]
    /// Distinct recipient keys (`Message.recipientKey`) of messages whose class needs consent.
    public var consentKeys: [String]
    /// Distinct group keys.
    public var groupKeys: [String]
    /// Messages that have been attempted before.
    public var attemptedIDs: [MessageID]
    /// Distinct runs of campaigns with the zones of their recipients. Empty: the statement says nothing about runs.
    public var runs: [RunPlace]

    public init(
        part: Int16, session: Int32, rows: [LeasedRow], messageIDs: [MessageID], addresses: [String], consentKeys: [String],
        groupKeys: [String], attemptedIDs: [MessageID], runs: [RunPlace] = []
    ) {
        self.runs = runs
        self.part = part
        self.session = session
        self.rows = rows
        self.messageIDs = messageIDs
        self.addresses = addresses
        self.consentKeys = consentKeys
        self.groupKeys = groupKeys
        self.attemptedIDs = attemptedIDs
    }

    public struct Answer: Sendable {
        /// Still leased by this session.
        public var held: Set<MessageID> = []
        /// By channel and key of the address: scopes that are suppressed.
        public var suppressed: [Place: Set<String>] = [:]
        /// By recipient key, channel and class: the newest consent's status.
        public var consents: [Consent: String] = [:]
        public var cancelled: Set<MessageID> = []
        /// By group key: who cancelled it when (`*`: an admin).
        public var cancelledGroups: [String: [(producer: String, at: Timestamp)]] = [:]
        /// Messages whose earlier attempt is known by now to have been taken, with the receipt's kind.
        public var decided: [MessageID: String] = [:]
        /// Messages of which an earlier attempt may have arrived: its outcome is not known.
        public var doubtful: Set<MessageID> = []
        public var runs: [RunPlace: RunFacts] = [:]
    }
    public struct Place: Hashable, Sendable {
        public var channel: String
        public var address: String
        public init(channel: String, address: String) {
            self.channel = channel
            self.address = address
        }
    }
    public struct Consent: Hashable, Sendable {
        public var recipientKey: String
        public var channel: String
        public var purpose: String
        public init(recipientKey: String, channel: String, purpose: String) {
            self.recipientKey = recipientKey
            self.channel = channel
            self.purpose = purpose
        }
    }

    public var sql: String {
        """
        select 1::int2, message_id, null::text, null::text, null::text, null::timestamptz
        from martlet_data.leased_\(part) where ctid = any ($1::tid[]) and session = $2
        union all select 2::int2, 0, channel, address_key, scope, null from martlet_data.suppressions
            where address_key = any ($4) and lifted_at is null
        union all select 3::int2, c.id, c.channel, c.person_key, c.purpose || ' ' || c.status, null
            from unnest($5::text[]) k(recipient_key) cross join lateral (
                select distinct on (n.channel, n.purpose) n.* from martlet_data.consents n where n.person_key = k.recipient_key
                order by n.channel, n.purpose, n.id desc) c
        union all select 4::int2, message_id, null, null, null, null from martlet_data.cancellations where message_id = any ($3)
        union all select 5::int2, 0, null, group_key, producer, cancelled_at from martlet_data.group_cancellations where group_key = any ($6)
        union all select 6::int2, d.message_id, null, null, d.kind, null
            from unnest($7::int8[]) i(message_id)
            cross join lateral (select max(q.requeued_at) as at from martlet_data.requeues q where q.message_id = i.message_id) q
            cross join lateral (
                -- The offset is a fence, one look-up for each message: without statistics an array of a hundred ids looks like half the table.
                -- That a try before the requeue failed says nothing about those that follow it.
                select r.message_id, r.kind from martlet_data.receipts r
                where r.message_id = i.message_id and r.kind in ('accepted', 'delivered', 'undelivered')
                    and (q.at is null or r.at > q.at and (r.kind <> 'undelivered' or exists (
                        select from martlet_data.attempts a where a.message_id = i.message_id and a.attempt = r.attempt and a.admitted_at > q.at)))
                    -- Nor does one that failed decide while a later one may have arrived.
                    and (r.kind <> 'undelivered' or not \(UnknownOutcome.exists(in: "i.message_id", after: "r.attempt")))
                offset 0) d
        union all select 7::int2, i.message_id, null, null, null, null from unnest($7::int8[]) i(message_id) where \(UnknownOutcome.exists(in: "i.message_id"))
        \(runs.isEmpty ? "" : RunFacts.sql)
        """
    }

    public func bind(_ parameters: inout PQParams) {
        parameters.rows(rows)
        parameters.int4(session)
        parameters.messageIDs(messageIDs)
        parameters.textArray(addresses)
        parameters.textArray(consentKeys)
        parameters.textArray(groupKeys)
        parameters.messageIDs(attemptedIDs)
        if !runs.isEmpty {
            parameters.int4Array(runs.map(\.run))
            parameters.textArray(runs.map(\.zone))
        }
    }

    /// Of several receipts the first of these counts.
    private static let ranks = ["delivered", "accepted", "undelivered"]

    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer()
        answer.held.reserveCapacity(rows.count)
        for row in rows {
            switch try row.int2(0) {
            case 1: answer.held.insert(try row.messageID(1))
            case 2:
                let place = Place(channel: try row.text(2), address: try row.text(3))
                answer.suppressed[place, default: []].insert(try row.text(4))
            case 3:
                let parts = try row.text(4).split(separator: " ")
                let key = Consent(
                    recipientKey: try row.text(3), channel: try row.text(2), purpose: parts.dropLast().joined(separator: " "))
                answer.consents[key] = parts.last.map(String.init)
            case 4: answer.cancelled.insert(try row.messageID(1))
            case 5:
                answer.cancelledGroups[try row.text(3), default: []].append((try row.text(4), try row.timestamp(5)))
            case 7: answer.doubtful.insert(try row.messageID(1))
            case 8:
                let place = RunPlace(run: Int32(truncatingIfNeeded: try row.messageID(1).rawValue), zone: try row.text(2))
                answer.runs[place] = RunFacts(
                    isPaused: try row.text(3) == "paused", missed: Campaign.Missed(rawValue: try row.text(4)) ?? .tomorrow,
                    shutUntil: try row.timestampOrNull(5))
            default:
                let (message, kind) = (try row.messageID(1), try row.text(4))
                let known = answer.decided[message].flatMap { ranks.firstIndex(of: $0) } ?? ranks.count
                if (ranks.firstIndex(of: kind) ?? ranks.count) < known { answer.decided[message] = kind }
            }
        }
        return answer
    }
}
