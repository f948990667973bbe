import Postgres

/// How many messages of some classes wait, anywhere; all of them are counted.
public struct CountWaiting: Statement {
    public var classes: [String]
    public init(classes: [String]) { self.classes = classes }
    public var sql: String {
        """
        select c.name, count(*) from (select message_id from martlet_data.ready union all select message_id from martlet_data.due
            union all select message_id from martlet_data.leased) w
        join martlet_data.messages m on m.id = w.message_id join martlet_data.classes c on c.id = m.class_id
        where c.name = any ($1) group by c.name
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.textArray(classes) }
    public static func read(_ rows: PQRows) throws -> [String: Int] {
        Dictionary(try rows.map { (try $0.text(0), Int(try $0.int8(1))) }) { $1 }
    }
}
