import Domain
import Postgres
import Text

/// Classes of the policy; one that it no longer has is retired: nothing new is enqueued, what waits is still sent by the last policy that had it.
public struct UpsertClasses: Statement {
    public var classes: [ClassPolicy]
    public init(classes: [ClassPolicy]) { self.classes = classes }
    public var sql: String {
        """
        with input as materialized (
            select name, lane, time_to_live, erases_body, accept_within, array(select jsonb_array_elements_text(required)) as required, sender, schedule_within
            from unnest($1::text[], $2::int2[], $3::interval[], $4::bool[], $5::interval[], $6::jsonb[], $7::text[], $8::interval[])
                i(name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within)),
        retired as (update martlet_data.classes c set retired_at = clock_timestamp() where retired_at is null and name not in (select name from input))
        insert into martlet_data.classes (name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within)
        select name, lane, time_to_live, erases_body, accept_within, required, sender, schedule_within from input
        on conflict (name) do update set lane = excluded.lane, time_to_live = excluded.time_to_live, erases_body = excluded.erases_body,
            accept_within = excluded.accept_within, required = excluded.required, sender = excluded.sender, schedule_within = excluded.schedule_within,
            retired_at = null
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(classes.map(\.name))
        parameters.int2Array(classes.map { Int16($0.lane) })
        parameters.intervalArray(classes.map(\.timeToLive))
        parameters.boolArray(classes.map(\.erasesBody))
        parameters.intervalArray(classes.map(\.acceptWithin))
        parameters.jsonbArray(classes.map { JSONValue.strings($0.requiredVariables).line })
        parameters.textArray(classes.map(\.sender))
        parameters.intervalArray(classes.map(\.scheduleWithin))
    }
}
