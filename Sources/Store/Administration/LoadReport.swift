import Postgres

/// What became of the messages, by class, and what they cost, by class, provider and currency: kept counts, and what came since.
public struct LoadReport: Statement {
    public var scope: ReportScope
    public init(scope: ReportScope) { self.scope = scope }
    public struct Messages: Sendable {
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
        /// Messages of which a person followed a link.
        public var clicked: Int
        /// Messages whose picture was loaded, as it seems by a person: unreliable.
        public var opened: Int
        /// Addresses that opted out or complained after a message of the class (`LoadOptOuts`).
        public var optedOut = 0
    }
    public struct Costs: Sendable {
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
    public struct Answer: Sendable {
        public var messages: [Messages] = []
        public var costs: [Costs] = []
    }
    public var sql: String {
        """
        select class_name, provider, currency, messages, accepted, delivered, undelivered, waiting, suppressed, capped, expired, cancelled, dead, clicked, opened,
            segments, cost_micros::int8, waiting_micros::int8
        from martlet.report($1, $2, $3) limit 20000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.timestamp(scope.since)
        parameters.text(scope.group)
        parameters.text(scope.messageClass)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        var answer = Answer()
        for row in rows {
            func count(_ column: Int) throws -> Int { Int(try row.int8(column)) }
            if let provider = try row.textOrNull(1) {
                answer.costs.append(
                    Costs(
                        messageClass: try row.text(0), provider: provider, currency: try row.textOrNull(2),
                        accepted: try count(4),
                        delivered: try count(5), undelivered: try count(6), inDoubt: try count(7), segments: try count(15),
                        costMicros: try row.int8(16), inDoubtMicros: try row.int8(17)))
            } else {
                answer.messages.append(
                    Messages(
                        messageClass: try row.text(0), messages: try count(3), accepted: try count(4), delivered: try count(5),
                        undelivered: try count(6), waiting: try count(7), suppressed: try count(8), capped: try count(9),
                        expired: try count(10), cancelled: try count(11), dead: try count(12), clicked: try count(13),
                        opened: try count(14)))
            }
        }
        return answer
    }
}
