import Domain
import Postgres

/// Newest version of every template of a key and channel; with a nil key, of all.
public struct LoadTemplates: Statement {
    public var key: String?
    public var channel: String?
    public init(key: String? = nil, channel: String? = nil) {
        self.key = key
        self.channel = channel
    }
    public var sql: String {
        """
        select distinct on (key, channel, locale) key, channel, locale, version, subject, body, html, required, answer_within, confirms, \(SurveyColumns.sql)
        from martlet_data.templates t where retired_at is null and ($1::text is null or key = $1) and ($2::text is null or channel = $2)
        order by key, channel, locale, version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(key)
        parameters.text(channel)
    }
    public static func read(_ rows: PQRows) throws -> [Template] {
        try rows.map {
            Template(
                key: try $0.text(0), locale: try $0.text(2), channel: Channel(rawValue: try $0.text(1)),
                version: Int(try $0.int4(3)),
                subject: try $0.textOrNull(4), body: try $0.text(5), html: try $0.textOrNull(6), required: try $0.textArray(7),
                survey: try survey($0))
        }
    }

    private static func survey(_ row: PQRow) throws -> Survey? {
        guard let within = try row.intervalOrNull(8) else { return nil }
        return Survey(answers: try SurveyColumns.read(row, from: 10), within: within, confirms: try row.textOrNull(9))
    }
}
