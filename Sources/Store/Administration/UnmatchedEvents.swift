import Domain
import Postgres

/// What providers said about messages that were not found, most first.
public struct UnmatchedEvents: Statement {
    public init() {}
    public struct Count: Sendable, Equatable {
        public var provider: String
        /// `receipt`, `answer`, ….
        public var kind: String
        public var reason: String
        public var events: Int
        /// Of them, those that are tried again.
        public var waiting: Int
        public var newest: Timestamp
    }
    public var sql: String {
        """
        select provider, kind, reason, events, waiting, newest from martlet.unmatched_events order by events desc, provider, kind, reason limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(
                provider: try $0.text(0), kind: try $0.text(1), reason: try $0.text(2), events: Int(try $0.int8(3)),
                waiting: Int(try $0.int8(4)), newest: try $0.timestamp(5))
        }
    }
}
