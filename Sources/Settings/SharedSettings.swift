import Domain
import Foundation

/// How to reach PostgreSQL.
public struct DatabaseSettings: Sendable, Equatable {
    /// A URL or conninfo string for libpq; empty: libpq's own PG* variables and defaults decide.
    public var connection: Secret
    /// Where `connection` comes from, for errors and logs: never the value.
    public var origin: String
    /// How long one connection attempt may take.
    public var connectTimeout: Duration
    /// How long any one call may take, measured by the client: a frozen server answers keepalives for ever.
    public var callTimeout: Duration
    /// Off behind PgBouncer before 1.21 in transaction mode.
    public var preparedStatements: Bool

    init(_ reader: SettingReader) {
        connectTimeout = reader.duration(
            "database.connect_timeout", default: .seconds(5), in: .milliseconds(100)...Duration.seconds(60))
        callTimeout = reader.duration(
            "database.call_timeout", default: .seconds(10), in: .milliseconds(100)...Duration.seconds(600))
        preparedStatements = reader.bool("database.prepared_statements", default: true)
        let path = reader.text("database.url_file", default: nil, limits: "path of a file that holds a URL or conninfo string") {
            $0.text()
        }
        let url = reader.environment("MARTLET_DATABASE_URL")
        connection = Secret(url ?? "")
        origin = url == nil ? "libpq's PG* variables and defaults" : "environment variable MARTLET_DATABASE_URL"
        if let path {
            let source = reader.origins["database.url_file"] ?? ""
            origin = "file \(path) (\(source))"
            if url != nil {
                reader.report(
                    "database.url_file", "MARTLET_DATABASE_URL is set too", "keep one of them, so that it is clear which counts")
            }
            do throws(ConfigProblem) {
                connection = try SettingSources.secret(inFile: path, warn: reader.warn)
            } catch {
                reader.report("database.url_file", "\(error.file) \(error.problem)", error.hint)
            }
        }
        let text = connection.reveal()
        if !text.isEmpty, !text.hasPrefix("postgres://"), !text.hasPrefix("postgresql://"), !text.contains("=") {
            reader.report(
                "database.url", "the value from \(origin) is neither a URL nor a conninfo string",
                "write postgres://user@host/database or host=… dbname=…")
        }
    }
}

/// What is logged, and how; on standard error.
public struct LogSettings: Sendable, Equatable {
    /// The levels of swift-log.
    public enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }
    /// `json`: one object per line; `text`: lines for people.
    public enum Format: String, Sendable, CaseIterable { case json, text }
    public var level: Level
    public var format: Format

    init(_ reader: SettingReader) {
        level = reader.word("log.level", default: .info)
        format = reader.word("log.format", default: .json)
    }
}

/// A host (name, IPv4 or IPv6 without brackets) and a port.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    public var host: String
    /// 0: any free one.
    public var port: Int
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension YAMLValue {
    /// `127.0.0.1:9464`, `[::1]:9464`.
    func listenAddress() -> ListenAddress? {
        guard let text = text(limit: 260) else { return nil }
        if let match = text.wholeMatch(of: /(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.\-]+)):([0-9]{1,5})/),
            let port = Int(match.3), port <= 65_535, let host = match.1 ?? match.2
        {
            return ListenAddress(host: String(host), port: port)
        }
        report("\(quoted(text)) is not an address", "write host:port such as 127.0.0.1:9464, or [::1]:9464")
        return nil
    }
}
