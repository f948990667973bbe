import Domain
import Postgres
import Text

/// Budgets of the policy, for those who look at them; one that it no longer has is retired.
public struct UpsertBudgets: Statement {
    public var budgets: [BudgetRule]
    public init(budgets: [BudgetRule]) { self.budgets = budgets }
    public var sql: String {
        """
        with input as materialized (
            select name, array(select jsonb_array_elements_text(classes)) as classes, array(select jsonb_array_elements_text(channels)) as channels,
                array(select jsonb_array_elements_text(providers)) as providers, per_group, time_zone, unit, amount, over
            from unnest($1::text[], $2::jsonb[], $3::jsonb[], $4::jsonb[], $5::bool[], $6::text[], $7::text[], $8::int8[], $9::text[])
                i(name, classes, channels, providers, per_group, time_zone, unit, amount, over)),
        retired as (update martlet_data.budgets set retired_at = clock_timestamp() where retired_at is null and name not in (select name from input))
        insert into martlet_data.budgets (name, classes, channels, providers, per_group, time_zone, unit, amount, over)
        select name, classes, channels, providers, per_group, time_zone, unit, amount, over from input
        on conflict (name) do update set classes = excluded.classes, channels = excluded.channels, providers = excluded.providers,
            per_group = excluded.per_group, time_zone = excluded.time_zone, unit = excluded.unit, amount = excluded.amount, over = excluded.over,
            retired_at = null
        """
    }
    public func bind(_ parameters: inout PQParams) throws {
        parameters.textArray(budgets.map(\.name))
        parameters.jsonbArray(budgets.map { JSONValue.strings($0.classes).line })
        parameters.jsonbArray(budgets.map { JSONValue.strings($0.channels.map(\.rawValue)).line })
        parameters.jsonbArray(budgets.map { JSONValue.strings($0.providers).line })
        parameters.boolArray(budgets.map(\.isPerGroup))
        parameters.textArray(budgets.map(\.timeZone))
        parameters.textArray(budgets.map(\.unit.code))
        parameters.int8Array(budgets.map(\.limit))
        parameters.textArray(budgets.map(\.over.rawValue))
    }
}

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

/// Providers whose receipts are expected, and within what time.
public struct UpsertReceiptPromises: Statement {
    public var promises: [(provider: String, within: Duration)]
    public init(promises: [(provider: String, within: Duration)]) { self.promises = promises }
    public var sql: String {
        """
        with input as materialized (select * from unnest($1::text[], $2::interval[]) i(provider, receipt_within)),
        gone as (delete from martlet_data.receipt_promises where provider not in (select provider from input))
        insert into martlet_data.receipt_promises (provider, receipt_within) select provider, receipt_within from input
        on conflict (provider) do update set receipt_within = excluded.receipt_within
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(promises.map(\.provider))
        parameters.intervalArray(promises.map(\.within))
    }
}
