import Postgres

/// Admit's and Record's first statement: locks first, looks second (queue-storage.md).
///
/// - The session's lock, shared: Rescue takes it exclusively before it moves anything of a session, so under it what is leased stays
///   leased. One lock for a batch instead of one row lock for each message.
/// - The buckets' locks, shared, without waiting: opt-out, consent and cancel take them exclusively for a moment, so that they come after every
///   Admit that has looked already; what they concern they hold by itself until they commit (`OpenOptOuts`).
/// - A commit that is durable, and a server that frees the locks of a worker that was stopped in the middle.
public struct AdmitLock: Statement {
    public var session: Int32
    public var buckets: [Int32]
    public init(session: Int32, buckets: [Int32]) {
        self.session = session
        self.buckets = buckets
    }

    public struct Answer: Sendable {
        /// False: Rescue is at work on this session.
        public var isOurs: Bool
        /// Buckets in which an opt-out, a consent or a cancellation waits for other Admits at this moment.
        public var busy: [Int32]
    }

    public var sql: String {
        """
        select pg_try_advisory_xact_lock_shared(7340003, $1),
            array(select b from unnest($2::int4[]) b where not pg_try_advisory_xact_lock_shared(7340002, b)),
            set_config('synchronous_commit', 'on', true), set_config('idle_in_transaction_session_timeout', '5s', true)
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4Array(buckets)
    }
    public static func read(_ rows: PQRows) throws -> Answer {
        Answer(isOurs: try rows.only.bool(0), busy: try rows.only.int4Array(1))
    }
}
