import Domain
import Postgres

/// Makes a run of a campaign over the people of its audience, by one snapshot; the first half of a start, in one transaction with `PlanRun`.
/// Answers the zones of its members. SQLSTATEs MT001 … MT005, MT020, MT022, MT023: what of the campaign cannot be, with the remedy.
public struct FreezeRun: Statement {
    public var campaign: Campaign
    public var version: Int32
    /// As the operators wrote it.
    public var definition: String
    public var needsApproval: Bool
    public init(_ campaign: Campaign, version: Int32, definition: String, needsApproval: Bool) {
        self.campaign = campaign
        self.version = version
        self.definition = definition
        self.needsApproval = needsApproval
    }

    public struct Zone: Sendable, Equatable {
        public var run: Int32
        public var zone: Int16
        public var timeZone: String
        public var firstPlace: Int64
        public var members: Int64
    }

    public var sql: String {
        """
        select run_id, zone, time_zone, first_place, members from martlet_data.freeze_run(jsonb_build_object(
            'campaign', $1::text, 'version', $2::int4, 'definition', $3::text, 'audience', $4::text, 'seed', $5::text, 'class', $6::text, 'channel', $7::text,
            'sender', $8::text, 'fallback_zone', $9::text, 'window_from', $10::int2, 'window_until', $11::int2, 'missed', $12::text, 'pool', $13::text, 'code_name', $22::text,
            'goal', $14::text, 'pace', $15::float8, 'needs_approval', $16::bool,
            'variants', (select jsonb_agg(jsonb_build_object('name', v.name, 'template', v.template, 'share', v.share) order by v.n)
                from unnest($17::text[], $18::text[], $19::int4[]) with ordinality v(name, template, share, n)),
            'variables', (select jsonb_object_agg(v.name, v.value) from unnest($20::text[], $21::text[]) v(name, value))))
        limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(campaign.name)
        parameters.int4(version)
        parameters.text(definition)
        parameters.text(campaign.audience)
        parameters.text(campaign.seed)
        parameters.text(campaign.messageClass)
        parameters.text(campaign.channel.rawValue)
        parameters.text(campaign.sender)
        parameters.text(campaign.timeZone)
        parameters.int2(campaign.window.map { Int16($0.from) })
        parameters.int2(campaign.window.map { Int16($0.until) })
        parameters.text(campaign.missed.rawValue)
        parameters.text(campaign.pool)
        parameters.text(campaign.goal)
        parameters.float8(campaign.pace)
        parameters.bool(needsApproval)
        parameters.textArray(campaign.variants.map(\.name))
        parameters.textArray(campaign.variants.map(\.template))
        parameters.int4Array(campaign.variants.map { Int32($0.share) })
        let variables = campaign.variables.sorted { $0.key < $1.key }
        parameters.textArray(variables.map(\.key))
        parameters.textArray(variables.map(\.value))
        parameters.text(campaign.codeVariable)
    }
    public static func read(_ rows: PQRows) throws -> [Zone] {
        try rows.map {
            Zone(
                run: try $0.int4(0), zone: try $0.int2(1), timeZone: try $0.text(2), firstPlace: try $0.int8(3),
                members: try $0.int8(4))
        }
    }
}
