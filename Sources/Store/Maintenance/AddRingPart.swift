import Postgres

/// Makes a part more, in a transaction of its own: `AdvanceRing` moves the cursor before it commits, and an enqueue that follows
/// the cursor must find the part.
public struct AddRingPart: Statement {
    public var kind: LoadRingParts.Kind
    public var lane: Int16
    public init(kind: LoadRingParts.Kind, lane: Int16) {
        self.kind = kind
        self.lane = lane
    }
    public var sql: String { "select martlet_data.add_segment($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(kind.rawValue)
        parameters.int2(lane)
    }
    public static func read(_ rows: PQRows) throws -> Int16 { try rows.only.int2(0) }
}
