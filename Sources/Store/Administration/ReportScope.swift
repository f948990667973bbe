import Domain
import Postgres

/// Which messages a report is about.
public struct ReportScope: Sendable, Equatable {
    /// Enqueued since then.
    public var since: Timestamp
    public var group: String?
    public var messageClass: String?
    public init(since: Timestamp, group: String? = nil, messageClass: String? = nil) {
        self.since = since
        self.group = group
        self.messageClass = messageClass
    }
}
