import Domain
import Postgres

/// What became of one person in every run, newest first.
public struct WhyRecipient: Statement {
    public var person: String
    public init(person: String) { self.person = person }
    public struct Line: Sendable {
        public var run: Int32
        public var campaign: String
        public var variant: String
        public var state: String
        public var reason: String?
        public var messageID: MessageID?
        /// Of a member who waits.
        public var releaseAt: Timestamp?
        public var runState: String
        public var goalAt: Timestamp?
    }
    public var sql: String {
        """
        select m.run_id, r.campaign, m.variant, m.state, m.reason, m.message_id, c.due_at, r.state, m.goal_at
        from martlet_data.run_members n join martlet.run_members m on m.run_id = n.run_id and m.place = n.place join martlet.runs r on r.run_id = n.run_id
            left join lateral (select c.due_at from martlet_data.run_chunks c where c.run_id = n.run_id and c.released_at is null
                and n.place between c.first_place and c.last_place limit 1) c on true
        where n.person = martlet_data.person_key($1::text) order by m.run_id desc limit 100
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(person) }
    public static func read(_ rows: PQRows) throws -> [Line] {
        try rows.map {
            Line(
                run: try $0.int4(0), campaign: try $0.text(1), variant: try $0.text(2), state: try $0.text(3),
                reason: try $0.textOrNull(4), messageID: try $0.int8OrNull(5).map(MessageID.init(_:)),
                releaseAt: try $0.timestampOrNull(6), runState: try $0.text(7), goalAt: try $0.timestampOrNull(8))
        }
    }
}
