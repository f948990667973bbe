import Postgres

/// Writes down by which policy and templates a session works from now on, or why it cannot use the newest.
public struct WriteSessionPolicy: Statement, Equatable {
    public var session: Int32
    public var policy: Int
    public var templates: String
    public var problem: String?
    public init(session: Int32, policy: Int, templates: String, problem: String?) {
        self.session = session
        self.policy = policy
        self.templates = templates
        self.problem = problem
    }
    public var sql: String {
        """
        update martlet_data.sessions set policy_version = $2, templates = $3, policy_problem = left($4, 1000)
        where id = $1 and (policy_version, templates, policy_problem) is distinct from ($2, $3, left($4, 1000))
        """
    }
    public func bind(_ parameters: inout PQParams) {
        parameters.int4(session)
        parameters.int4(Int32(clamping: policy))
        parameters.text(templates)
        parameters.text(problem)
    }
}
