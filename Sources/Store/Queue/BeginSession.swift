import Postgres

/// Begins a worker session: its id is its epoch, never used again. Commits durably.
public struct BeginSession: Statement {
    public var worker: String
    public var host: String
    public var pid: Int32
    public var version: String
    /// By which it works; nil: not known.
    public var policy: Int?
    public var templates: String?
    public init(
        worker: String, host: String, pid: Int32, version: String, policy: Int? = nil, templates: String? = nil
    ) {
        self.worker = worker
        self.host = host
        self.pid = pid
        self.version = version
        self.policy = policy
        self.templates = templates
    }
    public var sql: String {
        """
        insert into martlet_data.sessions (id, worker, host, pid, version, policy_version, templates, sees_opt_outs)
        select greatest(nextval('martlet_data.session_seq'), (select coalesce(max(id), 0) + 1 from martlet_data.sessions)), $1, $2, $3, $4, $5, $6, true
        returning id
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.text(worker)
        parameters.text(host)
        parameters.int4(pid)
        parameters.text(version)
        parameters.int4(policy.map { Int32(clamping: $0) })
        parameters.text(templates)
    }
    public static func read(_ rows: PQRows) throws -> Int32 { try rows.only.int4(0) }
}
