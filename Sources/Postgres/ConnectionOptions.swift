/// Where and how to connect.
public struct ConnectionOptions: Sendable {
    /// libpq's connection string or URL, several hosts allowed; `PG*` environment variables fill what it leaves out.
    ///
    /// Added when neither says otherwise: `target_session_attrs=read-write`, and `sslmode=verify-full` for hosts that are neither a
    /// Unix socket nor loopback (with the system's certificates if there is no root certificate file).
    public var conninfo: String
    /// Kept out of `conninfo` so that the latter can be shown; nil leaves it to `conninfo`, PGPASSWORD and `~/.pgpass`.
    public var password: String?
    /// Shown in `pg_stat_activity` unless `conninfo` or PGAPPNAME name another.
    public var applicationName: String
    /// For each address of each host, so that a hung host does not keep us from the next.
    public var connectTimeout: Duration
    /// For every call that does not bring its own.
    public var queryDeadline: Duration
    /// Off for PgBouncer before 1.21 in transaction mode: then every call is parsed afresh and nothing is kept in the session.
    public var preparesStatements: Bool
    /// Set on every fresh connection; by default the server looks every 2 s whether we are still there, so that a statement whose
    /// deadline closed the connection ends on the server too. Not sent when `preparesStatements` is off.
    public var sessionSettings: [String: String]

    public init(
        _ conninfo: String = "", password: String? = nil, applicationName: String = "",
        connectTimeout: Duration = .seconds(5), queryDeadline: Duration = .seconds(30), preparesStatements: Bool = true,
        sessionSettings: [String: String] = ["client_connection_check_interval": "2s"]
    ) {
        self.conninfo = conninfo
        self.password = password
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.queryDeadline = queryDeadline
        self.preparesStatements = preparesStatements
        self.sessionSettings = sessionSettings
    }
}
