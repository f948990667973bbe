import Domain
import Postgres

/// Which dead letters are meant; what is nil matches all.
public struct DeadLetterFilter: Sendable, Equatable {
    public var messageClass: String?
    public var channel: String?
    public var reason: String?
    public var provider: String?
    public var template: String?
    public var olderThan: Duration?
    public var newerThan: Duration?
    /// Not those that died after this instant: what a bulk command has requeued may die again while it runs.
    public var until: Timestamp?
    public init() {}

    /// Uses $1 … $8.
    static let condition = """
        ($1::text is null or class = $1) and ($2::text is null or channel = $2) and ($3::text is null or reason = $3)
            and ($4::text is null or provider = $4) and ($5::text is null or template = $5)
            and ($6::interval is null or died_at < clock_timestamp() - $6) and ($7::interval is null or died_at > clock_timestamp() - $7)
            and ($8::timestamptz is null or died_at <= $8)
        """

    func bind(_ parameters: inout PQParams) {
        parameters.text(messageClass)
        parameters.text(channel)
        parameters.text(reason)
        parameters.text(provider)
        parameters.text(template)
        parameters.interval(olderThan)
        parameters.interval(newerThan)
        parameters.timestamp(until)
    }
}
