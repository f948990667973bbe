import Postgres

/// How many connections to a provider this session may have from now on, of those that the whole cluster shares.
public struct TakeConnections: Statement {
    public var provider: String
    /// For the whole cluster.
    public var limit: Int32
    public var session: Int32
    /// That are open, or may have been opened since it last heard.
    public var needed: Int32
    /// More are of no use to it.
    public var most: Int32

    public init(provider: String, limit: Int32, session: Int32, needed: Int32, most: Int32) {
        self.provider = provider
        self.limit = limit
        self.session = session
        self.needed = needed
        self.most = most
    }

    public var sql: String { "select martlet_data.take_connections($1, $2, $3, $4, $5)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(provider)
        parameters.int4(limit)
        parameters.int4(session)
        parameters.int4(needed)
        parameters.int4(most)
    }
    public static func read(_ rows: PQRows) throws -> Int { Int(try rows.only.int4(0)) }
}
