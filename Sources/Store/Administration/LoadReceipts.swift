import Domain
import Postgres

/// Everything that was written down about a message, oldest first.
public struct LoadReceipts: Statement {
    public var id: MessageID
    public init(id: MessageID) { self.id = id }
    public struct Receipt: Sendable {
        public var at: Timestamp
        public var kind: String
        public var attempt: Int?
        public var provider: String?
        public var code: String?
        public var detail: String?
        public var reference: String?
        /// Of a worker that had lost its lease: kept, but it moved nothing.
        public var stale: Bool
        public var actor: String?
        /// Which part of a long text it is about; nil: the whole message.
        public var part: Int?
    }
    public var sql: String {
        """
        select at, kind, attempt, provider, code, detail, reference, stale, actor, part from martlet.receipts
        where message_id = $1 order by at, (kind <> 'admitted') limit 1000
        """
    }
    public func bind(_ parameters: inout PQParams) { parameters.int8(id.rawValue) }
    public static func read(_ rows: PQRows) throws -> [Receipt] {
        try rows.map {
            Receipt(
                at: try $0.timestamp(0), kind: try $0.text(1), attempt: try $0.int2OrNull(2).map(Int.init),
                provider: try $0.textOrNull(3),
                code: try $0.textOrNull(4), detail: try $0.textOrNull(5), reference: try $0.textOrNull(6), stale: try $0.bool(7),
                actor: try $0.textOrNull(8), part: try $0.int2OrNull(9).map(Int.init))
        }
    }
}
