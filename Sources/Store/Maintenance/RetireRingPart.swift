import Postgres

/// Gives an empty part back by TRUNCATE, or, when some reader always holds it, as autovacuum has left it (some rounds later); false when it is in
/// use, pinned or not empty. Never waits.
public struct RetireRingPart: Statement {
    public var kind: LoadRingParts.Kind
    public var part: Int16
    public init(kind: LoadRingParts.Kind, part: Int16) {
        self.kind = kind
        self.part = part
    }
    public var sql: String { "select martlet_data.retire_segment($1, $2)" }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(kind.rawValue)
        parameters.int2(part)
    }
    public static func read(_ rows: PQRows) throws -> Bool { try rows.only.bool(0) }
}
