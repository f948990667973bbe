import Domain
import Postgres

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
