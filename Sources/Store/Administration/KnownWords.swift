import Postgres

/// What filters of lists may name, by kind: class, channel, template, sender.
public struct KnownWords: Statement {
    public init() {}
    public var sql: String {
        """
        select 'class', name from martlet_data.classes union all select 'channel', name from martlet_data.channels
        union all select distinct 'template', key from martlet_data.templates union all select 'reason', reason from (select distinct reason from martlet_data.dead_letters) r
        limit 20000
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> [String: Set<String>] {
        var words: [String: Set<String>] = [:]
        for row in rows { words[try row.text(0), default: []].insert(try row.text(1)) }
        return words
    }
}
