import Postgres

/// Numbers of classes and channels, and how long cap rows keep their hits.
public struct LoadNumbers: Statement {
    public init() {}
    public struct Numbers: Sendable {
        public var classes: [Int16: String] = [:]
        public var channels: [Int16: String] = [:]
        /// The longest cap window ever configured.
        public var capRetention: Duration = .zero
    }
    public var sql: String {
        """
        select 1::int2, id, name, null::interval from martlet_data.classes union all select 2::int2, id, name, null from martlet_data.channels
        union all select 3::int2, 0::int2, '', longest from martlet_data.cap_retention
        """
    }
    public func bind(_ parameters: inout PQParams) {}
    public static func read(_ rows: PQRows) throws -> Numbers {
        var numbers = Numbers()
        for row in rows {
            switch try row.int2(0) {
            case 1: numbers.classes[try row.int2(1)] = try row.text(2)
            case 2: numbers.channels[try row.int2(1)] = try row.text(2)
            default: numbers.capRetention = try row.interval(3)
            }
        }
        return numbers
    }
}
