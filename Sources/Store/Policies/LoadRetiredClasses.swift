import Postgres
import Text

/// For classes that were retired: the files of the last policy that had them.
public struct LoadRetiredClasses: Statement {
    public var names: [String]
    public init(names: [String]) { self.names = names }
    public struct Retired: Sendable {
        public var name: String
        /// A JSON object: file name → text.
        public var files: String
    }
    public var sql: String {
        """
        select c.name, p.files from martlet_data.classes c cross join lateral (
            select o.files from martlet_data.policies o where o.version < (select max(n.version) from martlet_data.policies n where n.applied_at <= c.retired_at)
            order by o.version desc limit 1) p
        where c.retired_at is not null and c.name = any ($1) order by c.name
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(names) }
    public static func read(_ rows: PQRows) throws -> [Retired] {
        try rows.map { Retired(name: try $0.text(0), files: try $0.jsonb(1)) }
    }
}
