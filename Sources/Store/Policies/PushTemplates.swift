import Domain
import Postgres
import Text

/// Stores templates; a text that differs from the newest version becomes the next one. Answers what is new.
public struct PushTemplates: Statement {
    public var templates: [Template]
    public init(templates: [Template]) { self.templates = templates }
    public struct Pushed: Sendable {
        public var key: String
        public var channel: String
        public var locale: String
        public var version: Int
    }
    public var sql: String {
        """
        with input as materialized (
            select key, channel, locale, subject, body, html, array(select jsonb_array_elements_text(required)) as required, answers, answer_within, confirms
            from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[], $9::interval[], $10::text[])
                i(key, channel, locale, subject, body, html, required, answers, answer_within, confirms)),
        newest as (select i.*, (select t from martlet_data.templates t where t.key = i.key and t.channel = i.channel and t.locale = i.locale order by version desc limit 1) as t from input i)
        insert into martlet_data.templates (key, channel, locale, version, subject, body, html, required, answers, answer_within, confirms)
        select key, channel, locale, coalesce((t).version, 0) + 1, subject, body, html, required, answers, answer_within, confirms from newest
        where t is null or (t).retired_at is not null or (subject, body, html, required, answers, answer_within, confirms)
            is distinct from ((t).subject, (t).body, (t).html, (t).required, (t).answers, (t).answer_within, (t).confirms)
        returning key, channel, locale, version
        """
    }
    public func bind(_ parameters: inout PQParams) throws {
        parameters.textArray(templates.map(\.key))
        parameters.textArray(templates.map(\.channel.rawValue))
        parameters.textArray(templates.map(\.locale))
        parameters.textArray(templates.map(\.subject))
        parameters.textArray(templates.map(\.body))
        parameters.textArray(templates.map(\.html))
        parameters.jsonbArray(templates.map { JSONValue.strings($0.required).line })
        parameters.jsonbArray(templates.map { $0.survey.map { JSONValue.object($0.answers, JSONValue.strings).line } })
        parameters.intervalArray(templates.map { $0.survey?.within })
        parameters.textArray(templates.map { $0.survey?.confirms })
    }
    public static func read(_ rows: PQRows) throws -> [Pushed] {
        try rows.map {
            Pushed(key: try $0.text(0), channel: try $0.text(1), locale: try $0.text(2), version: Int(try $0.int4(3)))
        }
    }
}
