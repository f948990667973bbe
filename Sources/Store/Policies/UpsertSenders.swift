import Domain
import Postgres

public struct UpsertSenders: Statement {
    public var senders: [Sender]
    public var defaultSender: String
    public init(senders: [Sender], defaultSender: String) {
        self.senders = senders
        self.defaultSender = defaultSender
    }
    public var sql: String {
        """
        with input as materialized (select * from unnest($1::text[], $2::text[], $3::text[], $5::text[]) i(key, default_country, time_zone, default_locale)),
        retired as (update martlet_data.senders set retired_at = clock_timestamp(), is_default = false where retired_at is null and key not in (select key from input))
        insert into martlet_data.senders (key, default_country, time_zone, is_default, default_locale) select key, default_country, time_zone, key = $4, default_locale from input
        on conflict (key) do update set default_country = excluded.default_country, time_zone = excluded.time_zone, is_default = excluded.is_default,
            default_locale = excluded.default_locale, retired_at = null
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(senders.map(\.key))
        parameters.textArray(senders.map(\.defaultCountry))
        parameters.textArray(senders.map(\.timeZone))
        parameters.text(defaultSender)
        parameters.textArray(senders.map(\.defaultLocale))
    }
}
