import Domain
import Postgres

/// Messages that ask something, from their admission on; part of Admit's transaction.
public struct OpenSurveys: Statement {
    public struct Row: Sendable {
        public var messageID: MessageID
        public var attempt: Int16
        public var channel: Channel
        public var address: String
        /// Who asks, as the recipient sees it.
        public var sender: String
        public var template: Template
        public var openedAt: Timestamp
        public var until: Timestamp
        public init(
            messageID: MessageID, attempt: Int16, channel: Channel, address: String, sender: String, template: Template,
            openedAt: Timestamp, until: Timestamp
        ) {
            self.messageID = messageID
            self.attempt = attempt
            self.channel = channel
            self.address = address
            self.sender = sender
            self.template = template
            self.openedAt = openedAt
            self.until = until
        }
    }
    public var rows: [Row] = []
    public init() {}

    public var sql: String {
        """
        insert into martlet_data.surveys (message_id, attempt, channel, address, sender, template, locale, version, opened_at, until)
        select * from unnest($1::int8[], $2::int2[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int4[], $9::timestamptz[], $10::timestamptz[])
        on conflict (message_id) do update set attempt = excluded.attempt, sender = excluded.sender, locale = excluded.locale, version = excluded.version,
            opened_at = excluded.opened_at, until = excluded.until
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(rows.map(\.messageID))
        parameters.int2Array(rows.map(\.attempt))
        parameters.textArray(rows.map(\.channel.rawValue))
        parameters.textArray(rows.map(\.address))
        parameters.textArray(rows.map(\.sender))
        parameters.textArray(rows.map(\.template.key))
        parameters.textArray(rows.map(\.template.locale))
        parameters.int4Array(rows.map { Int32(clamping: $0.template.version) })
        parameters.timestamps(rows.map(\.openedAt))
        parameters.timestamps(rows.map(\.until))
    }
}

/// What was asked of these addresses and may still be answered: the newest ten of each, newest first. What a provider certainly did not take
/// was not asked.
public struct FindSurveys: Statement {
    public var addresses: [String] = []
    public var channels: [String] = []
    public init() {}
    public var isEmpty: Bool { addresses.isEmpty }
    public mutating func add(_ address: String, channel: Channel) {
        addresses.append(address)
        channels.append(channel.rawValue)
    }

    public struct Found: Sendable, Hashable {
        public var messageID: MessageID
        public var address: String
        public var channel: Channel
        public var sender: String
        /// A yes confirms a consent.
        public var confirms: Bool
        /// Name of an answer: the words that give it.
        public var answers: [String: [String]]

        public init(
            messageID: MessageID, address: String, channel: Channel, sender: String, confirms: Bool = false,
            answers: [String: [String]]
        ) {
            self.messageID = messageID
            self.address = address
            self.channel = channel
            self.sender = sender
            self.confirms = confirms
            self.answers = answers
        }
    }

    public var sql: String {
        """
        select s.message_id, f.address, s.channel, s.sender, t.confirms is not null, \(SurveyColumns.sql)
        from (select distinct * from unnest($1::text[], $2::text[]) f(address, channel)) f
        cross join lateral (
            select * from martlet_data.surveys s where s.address_key = martlet_data.address_key(f.address) and s.channel = f.channel and s.until > now() and not exists (
                select from martlet_data.receipts r where r.message_id = s.message_id and r.attempt = s.attempt and r.kind in ('deferred', 'rejected') offset 0)
            order by s.opened_at desc limit 10) s
        join martlet_data.templates t on t.key = s.template and t.channel = s.channel and t.locale = s.locale and t.version = s.version
        order by s.opened_at desc
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(addresses)
        parameters.textArray(channels)
    }
    public static func read(_ rows: PQRows) throws -> [Found] {
        try rows.map {
            Found(
                messageID: try $0.messageID(0), address: try $0.text(1), channel: Channel(rawValue: try $0.text(2)),
                sender: try $0.text(3), confirms: try $0.bool(4), answers: try SurveyColumns.read($0, from: 5))
        }
    }
}

/// The answers of a template `t` as two lists of the same length: names, and words.
enum SurveyColumns {
    static let sql = """
        array(select a.key from jsonb_each(t.answers) a, jsonb_array_elements_text(a.value) with ordinality w(word, n) order by a.key, w.n) as answer_names,
            array(select w.word from jsonb_each(t.answers) a, jsonb_array_elements_text(a.value) with ordinality w(word, n) order by a.key, w.n) as answer_words
        """

    static func read(_ row: PQRow, from column: Int) throws -> [String: [String]] {
        let (names, words) = (try row.textArray(column), try row.textArray(column + 1))
        return Dictionary(grouping: zip(names, words), by: \.0).mapValues { $0.map(\.1) }
    }
}

/// The recipients of these messages said yes: consents that are still pending are granted. Takes buckets' locks until the end of the transaction,
/// as `ApplyKeywords` does, and those of its addresses with them: one order for all.
public struct ConfirmConsents: Statement {
    public enum Result: String, Sendable {
        case granted
        /// Was granted before.
        case again
        /// Withdrawn meanwhile, or never pending.
        case nothing
        /// After the time that the message gave.
        case late
    }
    public var messageIDs: [MessageID]
    /// `double_opt_in_text`, `double_opt_in_link`.
    public var method: String
    public var addresses: [String]
    public init(messageIDs: [MessageID], method: String, addresses: [String] = []) {
        self.messageIDs = messageIDs
        self.method = method
        self.addresses = addresses
    }
    public var sql: String { "select unnest(martlet_data.confirm_consents($1, $2, $3))" }
    public func bind(_ parameters: inout PQParams) {
        parameters.messageIDs(messageIDs)
        parameters.text(method)
        parameters.textArray(addresses)
    }
    /// nil: the message asked for no consent.
    public static func read(_ rows: PQRows) throws -> [Result?] { try rows.map { try $0.textOrNull(0).flatMap(Result.init) } }
}

/// Removes surveys that ended longer ago than `keep`, a bounded number at a time; answers how many.
public struct PurgeSurveys: Statement {
    public var keep: Duration
    public init(keep: Duration) { self.keep = keep }
    public var sql: String {
        """
        with gone as (delete from martlet_data.surveys where message_id = any (array(
            select message_id from martlet_data.surveys where until < now() - $1::interval order by until limit 10000)) returning 1)
        select count(*) from gone
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.interval(keep) }
    public static func read(_ rows: PQRows) throws -> Int64 { try rows.only.int8(0) }
}
