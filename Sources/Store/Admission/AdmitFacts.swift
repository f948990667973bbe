import Domain
import Postgres

/// What Admit must know about a batch, read in one statement after all locks: only what stands against a message comes back.
public struct AdmitFacts: Statement {
    public var slot: Int16
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

    public init(
        slot: Int16, session: Int32, rows: [LeasedRow], messageIDs: [MessageID], addresses: [String], consentKeys: [String],
        groupKeys: [String], attemptedIDs: [MessageID]
    ) {
        self.slot = slot
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
        /// Messages of which an earlier attempt may have arrived, nobody knows.
        public var doubtful: Set<MessageID> = []
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
        from martlet_data.leased_\(slot) where ctid = any ($1::tid[]) and session = $2
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
            default:
                let (message, kind) = (try row.messageID(1), try row.text(4))
                let known = answer.decided[message].flatMap { ranks.firstIndex(of: $0) } ?? ranks.count
                if (ranks.firstIndex(of: kind) ?? ranks.count) < known { answer.decided[message] = kind }
            }
        }
        return answer
    }
}

/// Local time in every zone of a batch, by the database clock after the locks.
public struct LocalHours: Statement {
    /// A zone and the quiet hours of a class; -1 for none.
    public struct Query: Hashable, Sendable {
        public var zone: String
        public var from: Int16
        public var until: Int16
        public init(zone: String, quietHours: QuietHours?) {
            self.zone = zone
            self.from = quietHours.map { Int16($0.from) } ?? -1
            self.until = quietHours.map { Int16($0.until) } ?? -1
        }
    }
    public struct Hours: Sendable {
        /// End of the quiet hours that are on now; nil: not quiet.
        public var quietUntil: Timestamp?
        /// When the next quiet hours begin; nil: never.
        public var nextQuiet: Timestamp?
        public var calendars: [CapRule.CalendarUnit: CapDecision.Calendar]
    }
    public struct Answer: Sendable {
        public var now: Timestamp
        /// In the order of the queries.
        public var hours: [Hours]
    }

    public var queries: [Query]
    public init(queries: [Query]) { self.queries = queries }

    static let units: [CapRule.CalendarUnit] = [.minute, .hour, .day, .week, .month]

    public var sql: String {
        let calendars = Self.units.map {
            """
            date_trunc('\($0.rawValue)', local) at time zone zone,
                (date_trunc('\($0.rawValue)', local) + interval '1 \($0.rawValue)') at time zone zone
            """
        }.joined(separator: ",\n    ")
        return """
            with moment as materialized (select clock_timestamp() as now),
            zones as materialized (select z.*, now, now at time zone zone as local from moment
                left join unnest($1::text[], $2::int2[], $3::int2[]) with ordinality z(zone, quiet_from, quiet_until, n) on true)
            select now, zone is not null, nullif(martlet_data.outside_quiet(now, zone, nullif(quiet_from, -1), quiet_until), now),
                martlet_data.next_quiet(now, zone, nullif(quiet_from, -1), quiet_until),
                \(calendars)
            from zones order by n
            """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(queries.map(\.zone))
        parameters.int2Array(queries.map(\.from))
        parameters.int2Array(queries.map(\.until))
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        let now = try rows.first?.timestamp(0) ?? Timestamp(microseconds: 0)
        let hours = try rows.filter { try $0.bool(1) }.map { row in
            var calendars: [CapRule.CalendarUnit: CapDecision.Calendar] = [:]
            for (index, unit) in units.enumerated() {
                calendars[unit] = .init(start: try row.timestamp(4 + 2 * index), end: try row.timestamp(5 + 2 * index))
            }
            return Hours(quietUntil: try row.timestampOrNull(2), nextQuiet: try row.timestampOrNull(3), calendars: calendars)
        }
        return Answer(now: now, hours: hours)
    }
}
