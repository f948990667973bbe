import Domain
import Postgres
import Text

/// The endpoints that events go to; one that the policy no longer has is gone.
public struct UpsertWebhooks: Statement {
    public var webhooks: [WebhookEndpoint]
    public init(webhooks: [WebhookEndpoint]) { self.webhooks = webhooks }
    public var sql: String {
        """
        with input as materialized (
            select name, array(select jsonb_array_elements_text(events)) as events, array(select jsonb_array_elements_text(classes)) as classes,
                array(select jsonb_array_elements_text(prefixes)) as prefixes
            from unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::jsonb[]) i(name, events, classes, prefixes)),
        gone as (delete from martlet_data.webhook_endpoints where name not in (select name from input))
        insert into martlet_data.webhook_endpoints (name, events, classes, group_prefixes) select name, events, classes, prefixes from input
        on conflict (name) do update set events = excluded.events, classes = excluded.classes, group_prefixes = excluded.group_prefixes
        """
    }
    public func bind(_ parameters: inout PQParams) throws {
        parameters.textArray(webhooks.map(\.name))
        parameters.jsonbArray(webhooks.map { JSONValue.strings($0.events).line })
        parameters.jsonbArray(webhooks.map { JSONValue.strings($0.classes).line })
        parameters.jsonbArray(webhooks.map { JSONValue.strings($0.groupPrefixes).line })
    }
}
