import Domain
import Postgres

/// Stores what operators wrote when it differs from the newest version; answers the version that is in force.
public struct ApplyCampaign: Statement {
    public var name: String
    public var definition: String
    public init(name: String, definition: String) {
        self.name = name
        self.definition = definition
    }
    public struct Answer: Sendable, Equatable {
        public var version: Int32
        public var isNew: Bool
    }
    public var sql: String {
        """
        with newest as (select version, definition from martlet_data.campaigns where name = $1 order by version desc limit 1),
        added as (
            insert into martlet_data.campaigns (name, version, definition)
            select $1, coalesce((select version from newest), 0) + 1, $2 where not exists (select from newest where definition = $2) returning version)
        select coalesce((select version from added), (select version from newest)), exists (select from added)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(name)
        parameters.text(definition)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(version: try rows.only.int4(0), isNew: try rows.only.bool(1))
    }
}

/// The newest version of each campaign, or of one.
public struct LoadCampaigns: Statement {
    public var name: String?
    public init(name: String? = nil) { self.name = name }
    public struct Stored: Sendable {
        public var name: String
        public var version: Int32
        public var definition: String
        public var appliedAt: Timestamp
        public var appliedBy: String
        public var runs: Int64
    }
    public var sql: String {
        """
        select distinct on (c.name) c.name, c.version, c.definition, c.applied_at, c.applied_by,
            (select count(*) from martlet_data.runs r where r.campaign = c.name)
        from martlet_data.campaigns c where $1::text is null or c.name = $1 order by c.name, c.version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.text(name) }
    public static func read(_ rows: PQRows) throws -> [Stored] {
        try rows.map {
            Stored(
                name: try $0.text(0), version: try $0.int4(1), definition: try $0.text(2), appliedAt: try $0.timestamp(3),
                appliedBy: try $0.text(4), runs: try $0.int8(5))
        }
    }
}

/// Runs, newest first.
public struct ListRuns: Statement {
    public var campaign: String?
    public var run: Int32?
    public init(campaign: String? = nil, run: Int32? = nil) {
        self.campaign = campaign
        self.run = run
    }
    public struct Run: Sendable {
        public var id: Int32
        public var campaign: String
        public var version: Int32
        public var audience: String
        public var members: Int64
        public var state: String
        public var pausedFor: [String]
        public var pauseReason: String?
        public var waiting: Int64
        public var nextRelease: Timestamp?
        public var lastRelease: Timestamp?
        public var createdAt: Timestamp
        public var createdBy: String
    }
    public var sql: String {
        """
        select run_id, campaign, version, audience, members, state, coalesce(paused_for, '{}')::text[], pause_reason, waiting, next_release, last_release,
            created_at, created_by
        from martlet.runs where ($1::text is null or campaign = $1) and ($2::int4 is null or run_id = $2) order by run_id desc limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(campaign)
        parameters.int4(run)
    }
    public static func read(_ rows: PQRows) throws -> [Run] {
        try rows.map {
            Run(
                id: try $0.int4(0), campaign: try $0.text(1), version: try $0.int4(2), audience: try $0.text(3),
                members: try $0.int8(4), state: try $0.text(5), pausedFor: try $0.textArray(6), pauseReason: try $0.textOrNull(7),
                waiting: try $0.int8(8), nextRelease: try $0.timestampOrNull(9), lastRelease: try $0.timestampOrNull(10),
                createdAt: try $0.timestamp(11), createdBy: try $0.text(12))
        }
    }
}

/// Members of a run by variant, state and reason.
public struct RunReport: Statement {
    public var run: Int32
    public init(run: Int32) { self.run = run }
    public struct Count: Sendable, Equatable {
        public var variant: String
        public var state: String
        public var reason: String?
        public var members: Int64
        public var goals: Int64
        public init(variant: String, state: String, reason: String?, members: Int64, goals: Int64) {
            self.variant = variant
            self.state = state
            self.reason = reason
            self.members = members
            self.goals = goals
        }
    }
    public var sql: String {
        """
        select variant, state, reason, members, goals from martlet.run_report where run_id = $1::int4 order by variant, state, reason limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int4(run) }
    public static func read(_ rows: PQRows) throws -> [Count] {
        try rows.map {
            Count(
                variant: try $0.text(0), state: try $0.text(1), reason: try $0.textOrNull(2), members: try $0.int8(3),
                goals: try $0.int8(4))
        }
    }
}

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

/// One message of a campaign to somebody who tries it; of no run. Answers its id.
public struct TestCampaign: Statement {
    public var campaign: Campaign
    public var template: String
    public var address: String
    public var locale: String?
    /// A JSON object.
    public var variables: String
    public init(_ campaign: Campaign, template: String, to address: String, locale: String?, variables: String) {
        self.campaign = campaign
        self.template = template
        self.address = address
        self.locale = locale
        self.variables = variables
    }
    public var sql: String {
        """
        select martlet.enqueue($1::text, $2::text, $3::text, $4::text,
            coalesce((select jsonb_object_agg(v.name, v.value) from unnest($5::text[], $6::text[]) v(name, value)), '{}') || $7::jsonb,
            locale => $8::text, sender => $9::text, group_key => 'test:' || $10::text)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(campaign.messageClass)
        parameters.text(campaign.channel.rawValue)
        parameters.text(address)
        parameters.text(template)
        let own =
            campaign.variables.sorted { $0.key < $1.key }
            + (campaign.pool == nil ? [] : [(key: campaign.codeVariable, value: "TEST")])
        parameters.textArray(own.map(\.key))
        parameters.textArray(own.map(\.value))
        parameters.jsonb(variables)
        parameters.text(locale)
        parameters.text(campaign.sender)
        parameters.text(campaign.name)
    }
    public static func read(_ rows: PQRows) throws -> MessageID { try rows.only.messageID(0) }
}
