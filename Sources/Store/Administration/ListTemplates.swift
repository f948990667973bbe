import Domain
import Postgres

/// Newest version of every template, with who pushed it and when.
public struct ListTemplates: Statement {
    public var key: String?
    public var channel: String?
    public init(key: String?, channel: String?) {
        self.key = key
        self.channel = channel
    }
    public struct Row: Sendable {
        public var key: String
        public var channel: String
        public var locale: String
        public var version: Int
        public var pushedAt: Timestamp
        public var pushedBy: String
        public var required: [String]
        /// Nothing new is enqueued with a retired template.
        public var retiredAt: Timestamp?
    }
    public var sql: String {
        """
        select distinct on (key, channel, locale) key, channel, locale, version, pushed_at, pushed_by, required, retired_at
        from martlet_data.templates where ($1::text is null or key = $1) and ($2::text is null or channel = $2)
        order by key, channel, locale, version desc limit 10000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(key)
        parameters.text(channel)
    }
    public static func read(_ rows: PQRows) throws -> [Row] {
        try rows.map {
            Row(
                key: try $0.text(0), channel: try $0.text(1), locale: try $0.text(2), version: Int(try $0.int4(3)),
                pushedAt: try $0.timestamp(4), pushedBy: try $0.text(5), required: try $0.textArray(6),
                retiredAt: try $0.timestampOrNull(7))
        }
    }
}
