import Domain
import Postgres

/// Somebody, or some program, that followed a link or loaded the picture of a message.
public struct LinkHit: Sendable, Hashable {
    public var messageID: MessageID
    /// Place of the address in the message's list, from 1; 0: the picture.
    public var link: Int16
    /// Why it was no person, in one word; nil: it may have been one.
    public var machine: String?
    /// When it came, by the clock of this process; only how long ago matters.
    public var at: ContinuousClock.Instant

    public init(_ messageID: MessageID, link: Int16, machine: String?, at: ContinuousClock.Instant = .now) {
        self.messageID = messageID
        self.link = link
        self.machine = machine
        self.at = at
    }
}

/// Writes hits down, to be judged some seconds later.
public struct InsertLinkHits: Statement {
    public var hits: [LinkHit]
    public init(_ hits: [LinkHit]) { self.hits = hits }
    public var sql: String {
        """
        insert into martlet_data.link_visits (message_id, link, machine, at)
        select message_id, link, machine, clock_timestamp() - age
        from unnest($1::int8[], $2::int2[], $3::text[], $4::interval[]) i(message_id, link, machine, age)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        let now = ContinuousClock.now
        parameters.messageIDs(hits.map(\.messageID))
        parameters.int2Array(hits.map(\.link))
        parameters.textArray(hits.map(\.machine))
        parameters.intervalArray(hits.map { now - $0.at })
    }
}

/// Takes away the first hit that is old enough to be judged: the database refuses to judge it. Answers its message.
public struct DropLinkHit: Statement {
    public init() {}
    public var sql: String { "select martlet_data.drop_visit()" }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> MessageID? { try rows.only.int8OrNull(0).map { MessageID($0) } }
}

/// Makes receipts of the hits that are old enough (`martlet_data.judge_visits`); counts them by what they were taken for.
public struct JudgeLinkHits: Statement {
    public var limit: Int32
    public init(limit: Int32 = 1000) { self.limit = limit }
    public struct Row: Sendable {
        /// clicked, opened, prefetched; gone: there is no such message any more.
        public var kind: String
        /// Why it was no person; empty for people.
        public var code: String
        public var hits: Int
    }
    public var sql: String { "select kind, code, visits from martlet_data.judge_visits($1)" }
    public func bind(_ parameters: inout PQParams) { parameters.int4(limit) }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map { Row(kind: try $0.text(0), code: try $0.text(1), hits: Int(try $0.int8(2))) }
    }
}
