import Domain
import Postgres

/// Which dead letters are meant; what is nil matches all.
public struct DeadLetterFilter: Sendable, Equatable {
    public var messageClass: String?
    public var channel: String?
    public var reason: String?
    public var provider: String?
    public var template: String?
    public var olderThan: Duration?
    public var newerThan: Duration?
    /// Not those that died after this instant: what a bulk command has requeued may die again while it runs.
    public var until: Timestamp?
    public init() {}

    /// Uses $1 … $8.
    static let condition = """
        ($1::text is null or class = $1) and ($2::text is null or channel = $2) and ($3::text is null or reason = $3)
            and ($4::text is null or provider = $4) and ($5::text is null or template = $5)
            and ($6::interval is null or died_at < clock_timestamp() - $6) and ($7::interval is null or died_at > clock_timestamp() - $7)
            and ($8::timestamptz is null or died_at <= $8)
        """

    func bind(_ parameters: inout PQParams) {
        parameters.text(messageClass)
        parameters.text(channel)
        parameters.text(reason)
        parameters.text(provider)
        parameters.text(template)
        parameters.interval(olderThan)
        parameters.interval(newerThan)
        parameters.timestamp(until)
    }
}

/// A dead letter as `martlet.dead_letters` shows it.
public struct DeadLetterRow: Sendable {
    public var id: MessageID
    public var messageClass: String
    public var channel: String
    public var recipientKey: String
    public var address: String
    public var template: String
    public var provider: String?
    public var reason: String
    public var explanation: String
    public var remedy: String
    public var diedAt: Timestamp
    public var attempts: Int
    public var createdAt: Timestamp

    static let columns =
        "message_id, class, channel, recipient_key, address, template, provider, reason, explanation, remedy, died_at, attempts, created_at"

    init(_ row: PQRow) throws {
        id = try row.messageID(0)
        messageClass = try row.text(1)
        channel = try row.text(2)
        recipientKey = try row.text(3)
        address = try row.text(4)
        template = try row.text(5)
        provider = try row.textOrNull(6)
        reason = try row.text(7)
        explanation = try row.text(8)
        remedy = try row.text(9)
        diedAt = try row.timestamp(10)
        attempts = Int(try row.int2(11))
        createdAt = try row.timestamp(12)
    }
}

/// Dead letters that match, newest death first.
public struct ListDeadLetters: Statement {
    public var filter: DeadLetterFilter
    public var limit: Int
    public init(filter: DeadLetterFilter, limit: Int) {
        self.filter = filter
        self.limit = limit
    }
    public var sql: String {
        """
        select \(DeadLetterRow.columns) from martlet.dead_letters where \(DeadLetterFilter.condition)
        order by died_at desc, message_id desc limit $9
        """
    }
    public func bind(_ parameters: inout PQParams) {
        filter.bind(&parameters)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [DeadLetterRow] { try rows.map(DeadLetterRow.init) }
}

/// How many match, by reason, most first; and the instant of the count.
public struct CountDeadLetters: Statement {
    public var filter: DeadLetterFilter
    public init(filter: DeadLetterFilter) { self.filter = filter }
    public struct Answer: Sendable {
        public var reasons: [(reason: String, count: Int)] = []
        public var now = Timestamp(microseconds: 0)
        public var total: Int { reasons.reduce(0) { $0 + $1.count } }
    }
    public var sql: String {
        """
        select c.reason, c.count, clock_timestamp() from (values (1)) one(one) left join (
            select reason, count(*) as count from martlet.dead_letters where \(DeadLetterFilter.condition) group by reason
        ) c on true order by c.count desc, c.reason limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { filter.bind(&parameters) }
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer()
        for row in rows {
            answer.now = try row.timestamp(2)
            if let reason = try row.textOrNull(0) { answer.reasons.append((reason, Int(try row.int8(1)))) }
        }
        return answer
    }
}

/// The next ids that match, in order: a bulk command works through them in batches.
public struct DeadLetterIDs: Statement {
    public var filter: DeadLetterFilter
    public var after: MessageID
    public var limit: Int
    public init(filter: DeadLetterFilter, after: MessageID, limit: Int) {
        self.filter = filter
        self.after = after
        self.limit = limit
    }
    public var sql: String {
        "select message_id from martlet.dead_letters where \(DeadLetterFilter.condition) and message_id > $9 order by message_id limit $10"
    }
    public func bind(_ parameters: inout PQParams) {
        filter.bind(&parameters)
        parameters.int8(after.rawValue)
        parameters.int8(Int64(limit))
    }
    public static func read(_ rows: PQRows) throws -> [MessageID] { try rows.map { try $0.messageID(0) } }
}

/// One dead letter with the body and history it kept (admins only).
public struct LoadDeadLetter: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Letter: Sendable {
        public var row: DeadLetterRow
        /// JSON object: the message as it was enqueued.
        public var message: String
        /// JSON array of receipts.
        public var history: String
        /// Its class erases bodies.
        public var isErased: Bool
    }
    public var sql: String {
        """
        select \(DeadLetterRow.columns.split(separator: ", ").map { "v.\($0)" }.joined(separator: ", ")), d.message, d.history,
            coalesce((select c.erases_body from martlet_data.classes c where c.name = d.class), false)
        from martlet.dead_letters v join martlet_data.dead_letters d on d.message_id = v.message_id where v.message_id = $1 limit 1
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> Letter? {
        try rows.first.map {
            Letter(row: try DeadLetterRow($0), message: try $0.jsonb(13), history: try $0.jsonb(14), isErased: try $0.bool(15))
        }
    }
}
