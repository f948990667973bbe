import Postgres

/// Rows that the server took out of a list, by line, some at a time.
public struct ListRejects: Statement {
    public var list: Int32
    /// Of the last one that was read; nil: from the first on.
    public var after: Reject?
    public init(list: Int32, after: Reject? = nil) {
        self.list = list
        self.after = after
    }
    public struct Reject: Sendable, Equatable {
        public var position: Int64
        public var line: Int64
        public var field: String
        public var problem: String
    }
    public var sql: String {
        """
        select n, coalesce(line, 0), field, problem from martlet.audience_rejects
        where audience_id = $1::int4 and n > 0 and (coalesce(line, 0), n) > ($2::int8, $3::int8) order by 2, 1 limit 100000
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(list)
        parameters.int8(after?.line ?? -1)
        parameters.int8(after?.position ?? 0)
    }
    public static func read(_ rows: PQRows) throws -> [Reject] {
        try rows.map {
            Reject(position: try $0.int8(0), line: try $0.int8(1), field: try $0.text(2), problem: try $0.text(3))
        }
    }
}
