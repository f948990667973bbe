import Domain
import Postgres

/// Keeps texts from phones; parts of long ones find each other (`martlet.inbound_texts` shows them together). Whole ones are events.
public struct InsertInboundTexts: Statement {
    public struct Row: Sendable {
        public var provider: String
        public var sender: String
        public var recipient: String
        /// nil: binary, or an alphabet that is not read.
        public var body: String?
        public var octets: [UInt8]
        public var dataCoding: Int16
        public var reference: Int32?
        /// From 1.
        public var part: Int16
        public var parts: Int16
        public var channel: Channel
        /// The person's phone, E.164; nil: there is none.
        public var address: String?
        /// stop, stop_all, start.
        public var keyword: String?
        /// The message that it answers, and how.
        public var answers: MessageID?
        public var answer: String?
        public init(
            provider: String, sender: String, recipient: String, body: String?, octets: [UInt8], dataCoding: Int16,
            reference: Int32?, part: Int16, parts: Int16, channel: Channel = .sms, address: String? = nil, keyword: String? = nil
        ) {
            self.provider = provider
            self.sender = sender
            self.recipient = recipient
            self.body = body
            self.octets = octets
            self.dataCoding = dataCoding
            self.reference = reference
            self.part = part
            self.parts = parts
            self.channel = channel
            self.address = address
            self.keyword = keyword
        }
    }
    public var rows: [Row]
    public init(_ rows: [Row]) { self.rows = rows }

    public var sql: String {
        """
        select martlet_data.receive_text(provider, sender, recipient, body, octets, data_coding, reference, part, parts, channel, address, keyword, answers, answer)
        from (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int2[], $7::int4[], $8::int2[], $9::int2[],
                $10::text[], $11::text[], $12::text[], $13::int8[], $14::text[])
            with ordinality i(provider, sender, recipient, body, octets, data_coding, reference, part, parts, channel, address, keyword, answers, answer, n)
            order by hashtext(sender) & 255, n offset 0) i
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.textArray(rows.map(\.provider))
        parameters.textArray(rows.map(\.sender))
        parameters.textArray(rows.map(\.recipient))
        parameters.textArray(rows.map(\.body))
        parameters.byteaArray(rows.map(\.octets))
        parameters.int2Array(rows.map(\.dataCoding))
        parameters.int4Array(rows.map(\.reference))
        parameters.int2Array(rows.map(\.part))
        parameters.int2Array(rows.map(\.parts))
        parameters.textArray(rows.map(\.channel.rawValue))
        parameters.textArray(rows.map(\.address))
        parameters.textArray(rows.map(\.keyword))
        parameters.int8Array(rows.map { $0.answers?.rawValue })
        parameters.textArray(rows.map(\.answer))
    }
    /// Their ids, in the order in which they were kept.
    public static func read(_ rows: PQRows) throws -> [Int64] { try rows.map { try $0.int8(0) } }
}
