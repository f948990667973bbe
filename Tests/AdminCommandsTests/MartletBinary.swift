import Foundation
import Postgres
import Store
import TestSupport
import Testing

/// The real binary, as an admin runs it.
struct MartletBinary {
    struct Run {
        var code: Int32
        /// Standard output and standard error.
        var output: String
    }
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/martlet"
    static let config = PythonTool.repository + "/Config"

    var conninfo: String
    var environment: [String: String] = [:]

    /// Runs a command to its end; with `quiet` standard error is dropped.
    func run(_ arguments: [String], quiet: Bool = false) async throws -> Run {
        let shell = quiet ? "exec \"$0\" \"$@\" 2>/dev/null" : "exec \"$0\" \"$@\""
        let child = try ChildProcess(
            ["sh", "-c", shell, Self.path] + arguments,
            environment: ["MARTLET_DATABASE_URL": conninfo, "MARTLET_CONFIG": ""].merging(environment) { $1 })
        let code = try await child.wait(within: .seconds(60))
        return Run(code: code, output: child.output)
    }

    /// Runs a command with `--json`, expects success, and reads what it prints.
    func json<T>(_ arguments: [String], code: Int32 = 0, as type: T.Type = [String: Any].self) async throws -> T {
        let run = try await run(arguments + ["--json"], quiet: true)
        try #require(run.code == code, "\(arguments) ended with \(run.code): \(run.output)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? T, "\(run.output)")
    }

    static func here() throws -> MartletBinary { MartletBinary(conninfo: try ScratchDatabase.required().conninfo) }

    /// A database with schema, policy and templates.
    static func applied() async throws -> String {
        try await migratedTemplate { conninfo in
            let binary = MartletBinary(conninfo: conninfo)
            let up = try await binary.run(["migrate", "up"])
            #expect(up.code == 0, "\(up.output)")
            let apply = try await binary.run(["config", "apply", "--config", config, "--note", "tests"])
            #expect(apply.code == 0, "\(apply.output)")
        }
    }
}

/// What tests write as the owner of the tables.
struct Owner {
    let connection: PQConnection

    init() async throws { connection = try await ScratchDatabase.required().connect() }

    func execute(_ script: String) async throws { try await connection.execute(script: script, name: "test") }

    func enqueue(_ recipient: String, class name: String = "transactional", template: String = "refund-issued") async throws
        -> String
    {
        try await connection.query(
            PQCall(
                "enqueue", "select martlet.enqueue($1, 'sms', $2, $3, '{\"secret\": \"s3cret\"}', check_template => false)::text"
            ) {
                $0.text(name)
                $0.text(recipient)
                $0.text(template)
            }
        ).only.text(0)
    }

    /// Enqueues a message and makes it a dead letter, as a worker would.
    func deadLetter(_ recipient: String, reason: String = "attempts_exhausted", class name: String = "transactional") async throws
        -> String
    {
        let id = try await enqueue(recipient, class: name)
        try await execute(
            """
            delete from martlet_data.ready where message_id = \(id);
            insert into martlet_data.receipts (message_id, kind, code, detail) values (\(id), 'dead', '\(reason)', 'made by a test');
            insert into martlet_data.dead_letters (message_id, class, channel, recipient_key, address, template, provider, reason, explanation,
                    remedy, lane, attempt, series, message, history)
                select id, '\(name)', 'sms', recipient_key, address, template, 'sandbox-sms', '\(reason)', 'It was tried often.',
                    'Try it again.', 1, 8, 0, to_jsonb(m), '[]' from martlet_data.messages m where id = \(id);
            """)
        return id
    }

    func count(_ sql: String) async throws -> Int64 { try await connection.query(PQCall("count", sql) { _ in }).only.int8(0) }
}
