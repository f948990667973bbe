import Domain
import Postgres

/// Which messages a report is about.
public struct ReportScope: Sendable, Equatable {
    /// Enqueued since then.
    public var since: Timestamp
    public var group: String?
    public var messageClass: String?
    public init(since: Timestamp, group: String? = nil, messageClass: String? = nil) {
        self.since = since
        self.group = group
        self.messageClass = messageClass
    }
}

/// What became of the messages, by class.
public struct ReportMessages: Statement {
    public var scope: ReportScope
    /// Opt-outs and complaints count so long after the acceptance.
    public var optOutWithin: Duration
    public init(scope: ReportScope, optOutWithin: Duration) {
        self.scope = scope
        self.optOutWithin = optOutWithin
    }
    public struct Row: Sendable {
        public var messageClass: String
        public var messages: Int
        public var accepted: Int
        public var delivered: Int
        public var undelivered: Int
        public var waiting: Int
        public var suppressed: Int
        public var capped: Int
        public var expired: Int
        /// Cancelled or discarded.
        public var cancelled: Int
        public var dead: Int
        /// Addresses that opted out or complained after a message of the class.
        public var optedOut: Int
        /// Messages of which a person followed a link.
        public var clicked: Int
        /// Messages whose picture was loaded, as it seems by a person: unreliable.
        public var opened: Int
    }
    public var sql: String {
        """
        select class_name, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, opted_out, clicked, opened
        from martlet.report_messages($1, $2, $3, $4) limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(scope.since)
        parameters.text(scope.group)
        parameters.text(scope.messageClass)
        parameters.interval(optOutWithin)
    }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map { row in
            func count(_ column: Int) throws -> Int { Int(try row.int8(column)) }
            return Row(
                messageClass: try row.text(0), messages: try count(1), accepted: try count(2), delivered: try count(3),
                undelivered: try count(4), waiting: try count(5), suppressed: try count(6), capped: try count(7),
                expired: try count(8),
                cancelled: try count(9), dead: try count(10), optedOut: try count(11), clicked: try count(12),
                opened: try count(13))
        }
    }
}

/// What the same messages cost: hand-overs by class, provider and currency.
public struct ReportCosts: Statement {
    public var scope: ReportScope
    public init(scope: ReportScope) { self.scope = scope }
    public struct Row: Sendable {
        public var messageClass: String
        public var provider: String
        /// nil: hand-overs without a price.
        public var currency: String?
        public var accepted: Int
        public var delivered: Int
        public var undelivered: Int
        public var inDoubt: Int
        /// Of those that were accepted, as is the cost.
        public var segments: Int
        public var costMicros: Int64
        public var inDoubtMicros: Int64
    }
    public var sql: String {
        """
        select class_name, provider, currency, accepted, delivered, undelivered, in_doubt, segments, cost_micros::int8, in_doubt_micros::int8
        from martlet.report_costs($1, $2, $3) limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(scope.since)
        parameters.text(scope.group)
        parameters.text(scope.messageClass)
    }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map { row in
            func count(_ column: Int) throws -> Int { Int(try row.int8(column)) }
            return Row(
                messageClass: try row.text(0), provider: try row.text(1), currency: try row.textOrNull(2), accepted: try count(3),
                delivered: try count(4), undelivered: try count(5), inDoubt: try count(6), segments: try count(7),
                costMicros: try row.int8(8), inDoubtMicros: try row.int8(9))
        }
    }
}
