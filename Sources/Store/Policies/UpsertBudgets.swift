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
