/// A row's place in its table (`ctid`): the fastest address of a row that is never updated.
public struct PQTID: Hashable, Sendable {
    public var block: UInt32
    public var offset: UInt16
    public init(block: UInt32, offset: UInt16) {
        self.block = block
        self.offset = offset
    }
}

extension PQParams {
    public mutating func tidArray(_ values: [PQTID]) {
        elements(.tidArray, .tid, values) {
            $0.appendBigEndian($1.block)
            $0.appendBigEndian($1.offset)
        }
    }
}

extension PQRow {
    public func tid(_ column: Int) throws -> PQTID {
        try required(
            column,
            scalar(column, .tid, size: 6) { PQTID(block: $0.bigEndian(UInt32.self, 0), offset: $0.bigEndian(UInt16.self, 4)) })
    }
}
