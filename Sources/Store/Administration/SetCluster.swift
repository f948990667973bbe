import Postgres

/// Gives this cluster its number; refused once ids carry another one.
public struct SetCluster: Statement {
    public var number: Int
    public var why: String
    public init(number: Int, why: String) {
        self.number = number
        self.why = why
    }
    public var sql: String { "select martlet.set_cluster($1, $2) is null" }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(Int32(clamping: number))
        parameters.text(why)
    }
}
