import Domain
import Postgres
import Text

/// The newest policy: the operators' files, as they wrote them.
public struct LoadPolicy: Statement {
    /// nil: the newest.
    public var version: Int?
    public init(version: Int? = nil) { self.version = version }
    public struct Stored: Sendable {
        public var version: Int
        /// A JSON object: file name → text.
        public var files: String
        public var appliedAt: Timestamp
        public var appliedBy: String
    }
    public var sql: String {
        "select version, files, applied_at, applied_by from martlet_data.policies where $1::int4 is null or version = $1 order by version desc limit 1"
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(version.map { Int32(clamping: $0) }) }
    public static func read(_ rows: PQRows) throws -> Stored? {
        try rows.first.map {
            Stored(
                version: Int(try $0.int4(0)), files: try $0.jsonb(1), appliedAt: try $0.timestamp(2), appliedBy: try $0.text(3))
        }
    }
}

/// Numbers of classes and channels, and how long cap rows keep their hits.
public struct LoadNumbers: Statement {
    public init() {}
    public struct Numbers: Sendable {
        public var classes: [Int16: String] = [:]
        public var channels: [Int16: String] = [:]
        /// The longest cap window ever configured.
        public var capRetention: Duration = .zero
    }
    public var sql: String {
        """
        select 1::int2, id, name, null::interval from martlet_data.classes union all select 2::int2, id, name, null from martlet_data.channels
        union all select 3::int2, 0::int2, '', longest from martlet_data.cap_retention
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Numbers {
        var numbers = Numbers()
        for row in rows {
            switch try row.int2(0) {
            case 1: numbers.classes[try row.int2(1)] = try row.text(2)
            case 2: numbers.channels[try row.int2(1)] = try row.text(2)
            default: numbers.capRetention = try row.interval(3)
            }
        }
        return numbers
    }
}

/// For classes that were retired: the files of the last policy that had them.
public struct LoadRetiredClasses: Statement {
    public var names: [String]
    public init(names: [String]) { self.names = names }
    public struct Retired: Sendable {
        public var name: String
        /// A JSON object: file name → text.
        public var files: String
    }
    public var sql: String {
        """
        select c.name, p.files from martlet_data.classes c cross join lateral (
            select o.files from martlet_data.policies o where o.version < (select max(n.version) from martlet_data.policies n where n.applied_at <= c.retired_at)
            order by o.version desc limit 1) p
        where c.retired_at is not null and c.name = any ($1) order by c.name
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(names) }
    public static func read(_ rows: PQRows) throws -> [Retired] {
        try rows.map { Retired(name: try $0.text(0), files: try $0.jsonb(1)) }
    }
}

/// How many messages of some classes wait, anywhere; all of them are counted.
public struct CountWaiting: Statement {
    public var classes: [String]
    public init(classes: [String]) { self.classes = classes }
    public var sql: String {
        """
        select c.name, count(*) from (select message_id from martlet_data.ready union all select message_id from martlet_data.due
            union all select message_id from martlet_data.leased) w
        join martlet_data.messages m on m.id = w.message_id join martlet_data.classes c on c.id = m.class_id
        where c.name = any ($1) group by c.name
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(classes) }
    public static func read(_ rows: PQRows) throws -> [String: Int] {
        Dictionary(try rows.map { (try $0.text(0), Int(try $0.int8(1))) }) { $1 }
    }
}

/// Stores a checked policy as the newest version, with what enqueue must know of it. Run in one transaction with `UpsertClasses`,
/// `UpsertSenders` and `UpsertChannels`.
public struct InsertPolicy: Statement {
    /// A JSON object: file name → text.
    public var files: String
    public var note: String?
    /// Longest cap window; the stored one only grows, so that lowering and raising a limit forgets nothing.
    public var longestWindow: Duration
    public init(files: String, note: String?, longestWindow: Duration) {
        self.files = files
        self.note = note
        self.longestWindow = longestWindow
    }
    public var sql: String {
        """
        with kept as (update martlet_data.cap_retention set longest = greatest(longest, $3))
        insert into martlet_data.policies (files, note) values ($1, $2) returning version
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.jsonb(files)
        parameters.text(note)
        parameters.interval(longestWindow)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}

/// Classes of the policy; one that it no longer has is retired: nothing new is enqueued, what waits is still sent by the last policy that had it.
public struct UpsertClasses: Statement {
    public var classes: [ClassPolicy]
    public init(classes: [ClassPolicy]) { self.classes = classes }
    public var sql: String {
        """
        with input as materialized (
            select name, lane, time_to_live, erases_body, accept_within, array(select jsonb_array_elements_text(required)) as required, sender, schedule_within
            from unnest($1::text[], $2::int2[], $3::interval[], $4::bool[], $5::interval[], $6::jsonb[], $7::text[], $8::interval[])
                i(name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within)),
        retired as (update martlet_data.classes c set retired_at = clock_timestamp() where retired_at is null and name not in (select name from input))
        insert into martlet_data.classes (name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within)
        select name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within from input
        on conflict (name) do update set lane = excluded.lane, time_to_live = excluded.time_to_live, erases_body = excluded.erases_body,
            accept_within = excluded.accept_within, required = excluded.required, sender = excluded.sender, schedule_within = excluded.schedule_within,
            retired_at = null
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(classes.map(\.name))
        parameters.int2Array(classes.map { Int16($0.lane) })
        parameters.intervalArray(classes.map(\.timeToLive))
        parameters.boolArray(classes.map(\.erasesBody))
        parameters.intervalArray(classes.map(\.acceptWithin))
        parameters.jsonbArray(classes.map { JSONValue.strings($0.requiredVariables).line })
        parameters.textArray(classes.map(\.sender))
        parameters.intervalArray(classes.map(\.scheduleWithin))
    }
}

public struct UpsertSenders: Statement {
    public var senders: [Sender]
    public var defaultSender: String
    public init(senders: [Sender], defaultSender: String) {
        self.senders = senders
        self.defaultSender = defaultSender
    }
    public var sql: String {
        """
        with input as materialized (select * from unnest($1::text[], $2::text[], $3::text[], $5::text[]) i(key, default_country, time_zone, default_locale)),
        retired as (update martlet_data.senders set retired_at = clock_timestamp(), is_default = false where retired_at is null and key not in (select key from input))
        insert into martlet_data.senders (key, default_country, time_zone, is_default, default_locale) select key, default_country, time_zone, key = $4, default_locale from input
        on conflict (key) do update set default_country = excluded.default_country, time_zone = excluded.time_zone, is_default = excluded.is_default,
            default_locale = excluded.default_locale, retired_at = null
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(senders.map(\.key))
        parameters.textArray(senders.map(\.defaultCountry))
        parameters.textArray(senders.map(\.timeZone))
        parameters.text(defaultSender)
        parameters.textArray(senders.map(\.defaultLocale))
    }
}

/// Channels that providers of the policy serve beside sms and email; their addresses are opaque.
public struct UpsertChannels: Statement {
    public var channels: [Channel]
    public init(channels: [Channel]) { self.channels = channels }
    public var sql: String {
        "insert into martlet_data.channels (name, address_kind) select name, 'opaque' from unnest($1::text[]) i(name) on conflict (name) do update set retired_at = null"
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(channels.map(\.rawValue)) }
}

/// Stores templates; a text that differs from the newest version becomes the next one. Answers what is new.
public struct PushTemplates: Statement {
    public var templates: [Template]
    public init(templates: [Template]) { self.templates = templates }
    public struct Pushed: Sendable {
        public var key: String
        public var channel: String
        public var locale: String
        public var version: Int
    }
    public var sql: String {
        """
        with input as materialized (
            select key, channel, locale, subject, body, html, array(select jsonb_array_elements_text(required)) as required, answers, answer_within, confirms
            from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], $9::interval[], $10::text[])
                i(key, channel, locale, subject, body, html, required, answers, answer_within, confirms)),
        newest as (select i.*, (select t from martlet_data.templates t where t.key = i.key and t.channel = i.channel and t.locale = i.locale order by version desc limit 1) as t from input i)
        insert into martlet_data.templates (key, channel, locale, version, subject, body, html, required, answers, answer_within, confirms)
        select key, channel, locale, coalesce((t).version, 0) + 1, subject, body, html, required, answers, answer_within, confirms from newest
        where t is null or (t).retired_at is not null or (subject, body, html, required, answers, answer_within, confirms)
            is distinct from ((t).subject, (t).body, (t).html, (t).required, (t).answers, (t).answer_within, (t).confirms)
        returning key, channel, locale, version
        """
    }
    public func bind(_ parameters: inout PQParams) throws {
        parameters.textArray(templates.map(\.key))
        parameters.textArray(templates.map(\.channel.rawValue))
        parameters.textArray(templates.map(\.locale))
        parameters.textArray(templates.map(\.subject))
        parameters.textArray(templates.map(\.body))
        parameters.textArray(templates.map(\.html))
        parameters.jsonbArray(templates.map { JSONValue.strings($0.required).line })
        parameters.jsonbArray(templates.map { $0.survey.map { JSONValue.object($0.answers, JSONValue.strings).line } })
        parameters.intervalArray(templates.map { $0.survey?.within })
        parameters.textArray(templates.map { $0.survey?.confirms })
    }
    public static func read(_ rows: PQRows) throws -> [Pushed] {
        try rows.map {
            Pushed(key: try $0.text(0), channel: try $0.text(1), locale: try $0.text(2), version: Int(try $0.int4(3)))
        }
    }
}

/// Newest version of every template of a key and channel; with a nil key, of all.
public struct LoadTemplates: Statement {
    public var key: String?
    public var channel: String?
    public init(key: String? = nil, channel: String? = nil) {
        self.key = key
        self.channel = channel
    }
    public var sql: String {
        """
        select distinct on (key, channel, locale) key, channel, locale, version, subject, body, html, required, answer_within, confirms, \(SurveyColumns.sql)
        from martlet_data.templates t where retired_at is null and ($1::text is null or key = $1) and ($2::text is null or channel = $2)
        order by key, channel, locale, version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(key)
        parameters.text(channel)
    }
    public static func read(_ rows: PQRows) throws -> [Template] {
        try rows.map {
            Template(
                key: try $0.text(0), locale: try $0.text(2), channel: Channel(rawValue: try $0.text(1)),
                version: Int(try $0.int4(3)),
                subject: try $0.textOrNull(4), body: try $0.text(5), html: try $0.textOrNull(6), required: try $0.textArray(7),
                survey: try survey($0))
        }
    }

    private static func survey(_ row: PQRow) throws -> Survey? {
        guard let within = try row.intervalOrNull(8) else { return nil }
        return Survey(answers: try SurveyColumns.read(row, from: 10), within: within, confirms: try row.textOrNull(9))
    }
}

/// What moves when a policy is applied or a template pushed: workers look at it every second.
public struct PolicyStamp: Statement {
    public init() {}
    public struct Answer: Sendable {
        public var version: Int?
        public var templates: String
    }
    public var sql: String {
        "select (select max(version) from martlet_data.policies), martlet_data.template_stamp()"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(version: try rows.only.int4OrNull(0).map(Int.init), templates: try rows.only.text(1))
    }
}

/// Live workers that do not work by the newest policy and templates yet. Admins only.
public struct WorkersBehind: Statement {
    public init() {}
    public struct Worker: Sendable, Equatable {
        public var session: Int
        public var worker: String
        public var host: String
        /// Of the program.
        public var version: String
        /// By which it works; nil: it is of an older version, and does not say.
        public var policy: Int?
        /// Why it cannot use the newest.
        public var problem: String?
    }
    public var sql: String {
        "select session, worker, host, version, policy_version, problem from martlet_data.policy_unseen() limit 1000"
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Worker] {
        try rows.map {
            Worker(
                session: Int(try $0.int4(0)), worker: try $0.text(1), host: try $0.text(2), version: try $0.text(3),
                policy: try $0.int4OrNull(4).map(Int.init), problem: try $0.textOrNull(5))
        }
    }
}
